import { openEchoCanceller } from "../../endpoints/room-station/echo-cancel.ts";
import {
  noLoudspeaker,
  noMicrophone,
  openFileLoudspeaker,
  openFileMicrophone,
  streamLoudspeaker,
  streamMicrophone,
} from "../../endpoints/room-station/files.ts";
import type { Loudspeaker, Microphone } from "../../endpoints/room-station/ports.ts";
import { openLoudspeaker, openMicrophone } from "../../endpoints/room-station/sound.ts";
import { chooseSound, type SoundTools } from "../../endpoints/room-station/sound-tools.ts";
import type { Clock } from "../../util/clock.ts";
import { UsageError } from "../command.ts";
import type { StationArguments } from "./arguments.ts";

/** What a station records from and plays to, until disposed. */
export interface StationSound extends AsyncDisposable {
  readonly microphone: Microphone;
  readonly loudspeaker: Loudspeaker;
}

type SoundArguments = Pick<StationArguments, "in" | "out" | "sound" | "devices" | "echoCancel">;

/** Files where they are named, and this machine's sound else. Throws FatalError `no-sound` with what to install. */
export async function openSound(
  args: SoundArguments,
  how: { readonly clock: Clock; readonly tell: (text: string) => void },
): Promise<StationSound> {
  const { clock, tell } = how;
  await using opened = new AsyncDisposableStack();
  const filesOnly = args.in !== undefined && args.out !== undefined;
  const tools = filesOnly || args.sound === "none" ? undefined : await toolsOf(args, opened);
  const options = (command: SoundTools["record"]) => ({ command, clock, onTrouble: tell });
  const microphone = opened.use(
    microphoneOf(args.in, clock) ?? (tools ? openMicrophone(options(tools.record)) : noMicrophone),
  );
  const loudspeaker = opened.use(
    loudspeakerOf(args.out) ?? (tools ? openLoudspeaker(options(tools.play)) : noLoudspeaker),
  );
  const owned = opened.move();
  return { microphone, loudspeaker, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function toolsOf(args: SoundArguments, opened: AsyncDisposableStack): Promise<SoundTools> {
  const { sound, devices, echoCancel } = args;
  if (!echoCancel) return chooseSound(sound === "none" ? "auto" : sound, { devices });
  if (sound !== "auto" && sound !== "pulse") throw new UsageError(`--echo-cancel needs --sound pulse, not ${sound}`);
  const canceller = opened.use(await openEchoCanceller(devices));
  return chooseSound("pulse", { devices: canceller.devices });
}

function microphoneOf(path: string | undefined, clock: Clock): Microphone | undefined {
  if (path === undefined) return undefined;
  return path === "-" ? streamMicrophone(process.stdin) : openFileMicrophone(path, clock);
}

function loudspeakerOf(path: string | undefined): Loudspeaker | undefined {
  if (path === undefined) return undefined;
  return path === "-" ? streamLoudspeaker(process.stdout) : openFileLoudspeaker(path);
}
