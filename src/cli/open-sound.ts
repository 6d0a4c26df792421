import { openEchoCanceller } from "../endpoints/machine/echo-cancel.ts";
import {
  noLoudspeaker,
  noMicrophone,
  openFileLoudspeaker,
  openFileMicrophone,
  streamLoudspeaker,
  streamMicrophone,
} from "../endpoints/machine/files.ts";
import type { Loudspeaker, Microphone } from "../endpoints/machine/ports.ts";
import { openLoudspeaker, openMicrophone } from "../endpoints/machine/sound.ts";
import { plainForm, type SoundForm } from "../endpoints/machine/sound-form.ts";
import {
  chooseSound,
  type SoundDevices,
  type SoundSystem,
  type SoundTools,
  type SoundWords,
  soundSystems,
} from "../endpoints/machine/sound-tools.ts";
import type { Clock } from "../util/clock.ts";
import { UsageError } from "./command.ts";

/** What a station records from and plays to, until disposed. */
export interface StationSound extends AsyncDisposable {
  readonly microphone: Microphone;
  readonly loudspeaker: Loudspeaker;
}

/** What the command line says of sound. */
export interface SoundArguments {
  /** WAV files, or `-` for samples of standard input and output, in place of microphone and loudspeaker. */
  readonly in: string | undefined;
  readonly out: string | undefined;
  readonly sound: SoundSystem | "auto" | "none";
  readonly devices: SoundDevices;
  readonly echoCancel: boolean;
  /** False where nothing is to be recorded or played; both unless told. */
  readonly records?: boolean;
  readonly plays?: boolean;
  /** Of a program whose flags are called otherwise than a station's. */
  readonly words?: SoundWords;
}

interface OpenOptions {
  readonly form?: SoundForm;
  readonly clock: Clock;
  readonly tell: (text: string) => void;
}

/** Files where they are named, and this machine's sound else. Throws FatalError `no-sound` with what to install. */
export async function openSound(args: SoundArguments, how: OpenOptions): Promise<StationSound> {
  const { clock, tell, form = plainForm } = how;
  await using opened = new AsyncDisposableStack();
  const records = args.in === undefined && (args.records ?? true);
  const plays = args.out === undefined && (args.plays ?? true);
  const tools = (!records && !plays) || args.sound === "none" ? undefined : await toolsOf(args, { opened, form });
  const options = (command: SoundTools["record"]) => ({ command, form, clock, onTrouble: tell });
  const microphone = opened.use(
    microphoneOf(args.in, { clock, form }) ?? (tools && records ? openMicrophone(options(tools.record)) : noMicrophone),
  );
  const loudspeaker = opened.use(
    loudspeakerOf(args.out, form) ?? (tools && plays ? openLoudspeaker(options(tools.play)) : noLoudspeaker),
  );
  const owned = opened.move();
  return { microphone, loudspeaker, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The sound system that a flag names; throws UsageError. */
export function parseSoundSystem(text: string): SoundSystem | "auto" | "none" {
  const known = [...soundSystems, "auto", "none"] as const;
  const found = known.find((one) => one === text);
  if (found === undefined) throw new UsageError(`--sound ${text} is unknown: it is ${soundSystems.join(", ")} or none`);
  return found;
}

async function toolsOf(
  args: SoundArguments,
  how: { readonly opened: AsyncDisposableStack; readonly form: SoundForm },
): Promise<SoundTools> {
  const { opened, form } = how;
  const { sound, devices, echoCancel, words } = args;
  if (!echoCancel) return chooseSound(sound === "none" ? "auto" : sound, { devices, form, words });
  if (sound !== "auto" && sound !== "pulse") throw new UsageError(`--echo-cancel needs --sound pulse, not ${sound}`);
  const canceller = opened.use(await openEchoCanceller(devices));
  return chooseSound("pulse", { devices: canceller.devices, form });
}

function microphoneOf(
  path: string | undefined,
  { clock, form }: { readonly clock: Clock; readonly form: SoundForm },
): Microphone | undefined {
  if (path === undefined) return undefined;
  return path === "-" ? streamMicrophone(process.stdin, form) : openFileMicrophone(path, { clock, form });
}

function loudspeakerOf(path: string | undefined, form: SoundForm): Loudspeaker | undefined {
  if (path === undefined) return undefined;
  return path === "-" ? streamLoudspeaker(process.stdout) : openFileLoudspeaker(path, form);
}
