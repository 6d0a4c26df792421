import type { Track } from "../../media/track.ts";
import type { ViewerFeedback } from "../../media/viewer.ts";

/** What an agent sends. */
export interface AgentSource {
  /** Keeps the camera connected until the handle is disposed: one for each session. */
  demand(): Disposable;
  /** Its picture and sound, as soon as they are there. Rejects with a sentence when there are none. */
  tracks(signal: AbortSignal): Promise<{ readonly video?: Track | undefined; readonly audio?: Track | undefined }>;
  /** Given where it encodes: what a viewer says of the picture, by its session. One who comes asks for a key frame. */
  heard?(viewer: string, feedback: ViewerFeedback): void;
  /** That viewer has gone. */
  left?(viewer: string): void;
}
