import { type AgentSource, CaptureSource } from "../../endpoints/agent/index.ts";
import { LocalDevice } from "../../hub/device.ts";
import { resolveDevice } from "../../hub/device-input.ts";
import { driverSource } from "../../hub/driver-source.ts";
import { waitForTracks } from "../../hub/wait-for-tracks.ts";
import { playsInBrowsers } from "../../media/convert.ts";
import { opusFormat } from "../../media/format.ts";
import type { Track } from "../../media/track.ts";
import { messageOf, RecoverableError } from "../../util/errors.ts";
import { createConverter } from "../../workers/ffmpeg/index.ts";
import type { CommandContext } from "../command.ts";
import { openDrivers } from "../drivers.ts";
import type { CaptureArguments } from "./capture-arguments.ts";

const patienceMs = 15_000;

/** Until disposed. */
export type OpenSource = AgentSource & AsyncDisposable;

/** A device of this machine that films, open while somebody watches. */
export function openCaptureSource(
  args: CaptureArguments,
  how: { readonly context: CommandContext; readonly tell: (text: string) => void },
): OpenSource {
  const { clock, log } = how.context;
  const converter = createConverter({ clock, log });
  const onOpen = (encoder: string | undefined) =>
    how.tell(`${args.device.url} is open: ${encoder === undefined ? "its H.264 as it is" : `encoded by ${encoder}`}`);
  const source = new CaptureSource({ ...args, converter, onOpen, clock, log });
  return Object.assign(source, {
    [Symbol.asyncDispose]: async () => {
      source[Symbol.dispose]();
      await converter[Symbol.asyncDispose]();
    },
  });
}

/** A camera as an agent shows it: by the same driver as in the hub, connected while somebody watches. Throws FatalError `bad-config`. */
export async function openSource(address: string, context: CommandContext): Promise<OpenSource> {
  const { clock, log } = context;
  await using opened = new AsyncDisposableStack();
  const drivers = opened.use(openDrivers(context));
  const resolved = resolveDevice(
    { id: "agent", name: "agent", address },
    { drivers: drivers.list, unseal: (text) => text, permanent: false, preview: false },
  );
  const device = new LocalDevice({ ...resolved, source: driverSource({ ...resolved, clock, log }), clock, log });
  opened.defer(() => device.close());
  const sound = async (track: Track | undefined): Promise<Track | undefined> => {
    if (track?.format.kind !== "audio" || playsInBrowsers(track.format)) return track;
    return await drivers.converter.convertTrack(track, opusFormat).catch((error: unknown) => {
      log.warn({ err: error }, `sound left out: ${messageOf(error)}`);
      return undefined;
    });
  };
  const owned = opened.move();
  return {
    demand: () => device.demand(),
    tracks: async (signal) => {
      const { video, audio } = await waitForTracks(device, { timeoutMs: patienceMs, signal });
      if (!video && !audio) throw new RecoverableError(device.state.error?.message ?? "the camera sends nothing");
      return { video, audio: await sound(audio) };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
