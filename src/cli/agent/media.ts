import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type AgentSource, MicrophoneTrack, Player } from "../../endpoints/agent/index.ts";
import type { Track } from "../../media/track.ts";
import type { CommandContext } from "../command.ts";
import type { CaptureArguments } from "./capture-arguments.ts";
import { type AgentSoundArguments, openAgentSound } from "./sound.ts";
import { openCaptureSource, openSource } from "./source.ts";

/** What an agent shows, hears and plays by, until disposed. */
export interface AgentMedia extends AsyncDisposable {
  readonly source: AgentSource;
  readonly microphone: Track | undefined;
  readonly player: Player | undefined;
  readonly speaker: { readonly echoCancelling: boolean } | undefined;
}

/** Opens what the command line names. Throws FatalError and UsageError with a sentence. */
export async function openAgentMedia(
  args: { readonly source: string | CaptureArguments; readonly sound: AgentSoundArguments },
  how: { readonly context: CommandContext; readonly tell: (text: string) => void },
): Promise<AgentMedia> {
  const { clock, log } = how.context;
  await using opened = new AsyncDisposableStack();
  const { source: shown } = args;
  const source = opened.use(
    typeof shown === "string" ? await openSource(addressOf(shown), how.context) : openCaptureSource(shown, how),
  );
  const { microphone, loudspeaker } = opened.use(await openAgentSound(args.sound, { clock, tell: how.tell }));
  const hears = microphone && opened.use(await MicrophoneTrack.open({ microphone, clock }));
  const player = loudspeaker && opened.use(new Player({ loudspeaker, clock, log }));
  const owned = opened.move();
  return {
    source,
    microphone: hears?.track,
    player,
    speaker: player && { echoCancelling: args.sound.echoCancel },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** `test` and a file's path as addresses; everything else is one. */
function addressOf(source: string): string {
  if (source === "test") return "test:";
  return existsSync(source) ? pathToFileURL(resolve(source)).href : source;
}
