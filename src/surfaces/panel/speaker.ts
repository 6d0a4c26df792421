import type { Clock } from "../../util/clock.ts";
import { RecoverableError } from "../../util/errors.ts";
import { TrackSpeaker } from "../webrtc/track-speaker.ts";

/** Whether a station can be heard: its browser may need a touch first, and its connection may not be there yet. */
export type Audible = "yes" | "untouched" | "unconnected";

/** Options of {@link StationSpeaker}. */
export interface StationSpeakerOptions {
  readonly id: string;
  readonly clock: Clock;
}

/** A browser as a speaker. */
export class StationSpeaker extends TrackSpeaker {
  audible: Audible = "untouched";

  constructor({ id, clock }: StationSpeakerOptions) {
    // Browsers keep their own sound out of their microphone.
    super({
      id: `station/${id}`,
      echoCancelling: true,
      ready: async () => this.#check(),
      check: () => this.#check(),
      clock,
    });
  }

  #check(): void {
    if (this.audible === "untouched") {
      throw new RecoverableError("cannot play yet: its screen has to be touched once", { code: "untouched" });
    }
    if (this.audible === "unconnected") {
      throw new RecoverableError("cannot play yet: its browser is connecting", { code: "connecting" });
    }
  }
}
