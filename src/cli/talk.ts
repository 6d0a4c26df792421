import { profiles } from "../drivers/yoosee/profile.ts";
import type { Converter } from "../media/convert.ts";
import { Tee } from "../media/tee.ts";
import { isAbort } from "../util/errors.ts";
import { createLog } from "../util/log-pino.ts";
import { createConverter } from "../workers/ffmpeg/index.ts";
import type { Command, CommandContext } from "./command.ts";
import { parseTalkArguments, type TalkArguments } from "./talk/arguments.ts";
import { playTo } from "./talk/camera.ts";
import { createDisplay, failure, type TalkDisplay } from "./talk/display.ts";
import { openSource, type TalkSource } from "./talk/source.ts";

const usage = `usage: doorward talk --ip ADDRESS[,ADDRESS...] [options]

Plays sound through Yoosee cameras (and others of their family), without a hub.
Anyone on the network can do this: such cameras ask for no password before they speak.

  --ip A[,B...]       cameras: addresses or names, also with a port (192.168.1.20:5540); may be repeated
  --port N            RTSP port (554)
  --file PATH         sound to play, anything FFmpeg reads; - is standard input (music.mp3)
  --mic               this machine's microphone instead of a file
  --say "WORDS"       spoken words instead of a file; needs espeak-ng
  --rate 8000|16000   sampling rate of the camera's speaker; try the other if sound is slow (8000; gwell 16000)
  --vol 0.1..2.0      loudness (0.5)
  --auto-exit         leave when everything was heard
  --loop              play for ever
  --profile NAME      dialect of the camera: classic, gwell, or auto to try both (classic)
  --reopen SECONDS    how often the camera's speaker is opened again (classic: never; gwell, auto: 4)
  --path PATH         path in the talk request's address (onvif1)
  --reconnect SECONDS how long a camera that vanishes is tried again (5; 0: not at all)
  --json              one JSON object per line on standard output
  --debug             log what happens on standard error

Exit code: 0 played, 1 a camera or the sound failed, 2 wrong usage, 130 interrupted.
`;

/** What {@link createTalkCommand} may be given instead of the real ones. */
export interface TalkDeps {
  readonly createConverter: (options: Pick<CommandContext, "clock" | "log">) => Converter;
  readonly stdin: AsyncIterable<Uint8Array>;
}

/** How far one camera may be behind another before it is waited for: half a minute of 20 ms frames. */
const maxApartFrames = 1500;
/** A camera that takes nothing for this time beyond that no longer keeps the others waiting. */
const patienceMs = 30_000;

/** `doorward talk`: sound to the speakers of cameras, without a hub. */
export function createTalkCommand(deps: Partial<TalkDeps> = {}): Command {
  return {
    name: "talk",
    summary: "play a file, a microphone or words through cameras",
    usage,
    run: async (argv, given) => {
      const args = parseTalkArguments(argv);
      const context = args.debug ? { ...given, log: createLog({ level: "debug", format: "text" }) } : given;
      await using converter = (deps.createConverter ?? createConverter)(context);
      const { signal } = context;
      try {
        const source = await openSource(args, {
          converter,
          stdin: deps.stdin ?? process.stdin,
          rateHz: rateOf(args),
          signal,
        });
        return await playToAll(args, { context, source });
      } catch (error) {
        if (signal.aborted && isAbort(error)) return 130;
        throw error;
      }
    },
  };
}

/** The command with everything real. */
export const command: Command = createTalkCommand();

function rateOf(args: TalkArguments): 8000 | 16000 {
  return args.rateHz ?? profiles[args.profile === "auto" ? "classic" : args.profile].rateHz;
}

async function playToAll(
  args: TalkArguments,
  options: { readonly context: CommandContext; readonly source: TalkSource },
): Promise<number> {
  const { context, source } = options;
  const { clock, signal } = context;
  using display = createDisplay({ ...context, json: args.json, durationUs: source.durationUs });
  const tee = new Tee(source.frames, { maxAhead: maxApartFrames, patienceMs, clock });
  const branches = args.cameras.map(() => tee.branch());
  const results = await Promise.allSettled(
    args.cameras.map(async (camera, index) => {
      const frames = branches[index]!;
      try {
        const result = await playTo(camera, { ...context, args, source, frames, display });
        display.tell({
          event: "played",
          camera: camera.name,
          confirmed: result.confirmed,
          underruns: result.underruns,
        });
      } catch (error) {
        if (!signal.aborted) display.tell(failure(camera.name, error));
        throw error;
      }
    }),
  );
  if (signal.aborted) return 130;
  const failed = results.filter(({ status }) => status === "rejected").length;
  if (failed < results.length && !args.autoExit) await untilInterrupted(display, { clock, signal });
  return failed > 0 ? 1 : 0;
}

async function untilInterrupted(display: TalkDisplay, { clock, signal }: Pick<CommandContext, "clock" | "signal">) {
  display.tell({ event: "waiting" });
  const dayMs = 86_400_000;
  while (!signal.aborted) await clock.sleep(dayMs, signal).catch(() => {});
}
