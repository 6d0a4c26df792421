import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { ParameterSetKeeper } from "../src/codecs/video-format.ts";
import type { Grant } from "../src/identity/policy.ts";
import type { Frame } from "../src/media/frame.ts";
import type { Track } from "../src/media/track.ts";
import { unitsOf } from "../src/protocols/elementary/fake.ts";
import { systemClock } from "../src/util/clock.ts";
import { every } from "../src/util/every.ts";
import { makeClip } from "./ffmpeg.ts";
import { everything, type Rig, type RigOptions, startRig } from "./web-rig.ts";

/** A hub that serves RTSP, with a person and their token. */
export interface RtspHouse extends AsyncDisposable {
  readonly rig: Rig;
  readonly port: number;
  readonly token: string;
  /** `rtsp://x:TOKEN@127.0.0.1:port/<path>`. */
  address(path: string, options?: { readonly token?: string; readonly scheme?: string }): string;
  /** A token of a new person who may do this. */
  tokenFor(grants: readonly Grant[]): Promise<string>;
  /** The track of a device that was brought up. */
  track(id: string, kind: "video" | "audio"): Promise<Track>;
}

/** Starts it, with one device for each entry (id to `fake://` address). */
export async function startRtspHouse(
  devices: Readonly<Record<string, string>>,
  options: RigOptions = {},
): Promise<RtspHouse> {
  await using opened = new AsyncDisposableStack();
  const rig = opened.use(await startRig(devices, { rtsp: { port: 0 }, ...options }));
  const address = rig.web.addresses.find((one) => /^rtsps?:/.test(one)) ?? "";
  const port = Number(new URL(address.replace(/^rtsps?/, "http")).port);
  let people = 0;
  const tokenFor: RtspHouse["tokenFor"] = async (grants) => {
    const { id, name } = await rig.person({ name: `Person ${++people}`, grants: [...grants] });
    const digestNames = ["x", name];
    const { secret } = await rig.identity.credentials.makeToken(id, { name: "rtsp", grants, digestNames });
    return secret;
  };
  const token = await tokenFor(everything);
  const owned = opened.move();
  return {
    rig,
    port,
    token,
    tokenFor,
    address: (path, { token: own = token, scheme = "rtsp" } = {}) => `${scheme}://x:${own}@127.0.0.1:${port}/${path}`,
    track: async (id, kind) => {
      const device = rig.hub.devices.get(id);
      owned.use(device?.demand());
      const track = await device?.waitForTrack(kind, { timeoutMs: 5000 });
      if (!track) throw new Error(`${id} has no ${kind}`);
      return track;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A test picture as the hub's frames, one after the other. */
export function clipFrames(options: Parameters<typeof makeClip>[0]): {
  readonly clip: Buffer;
  readonly frames: Frame[];
} {
  const clip = makeClip(options);
  const keeper = new ParameterSetKeeper(options.codec);
  const frames = unitsOf(clip).flatMap((nals) => {
    const prepared = keeper.prepare(nals);
    return prepared ? [{ ...prepared, timestampUs: 0 }] : [];
  });
  return { clip, frames };
}

/** Writes frames to a track at this rate from now on, again and again or once. */
export function playInto(
  track: Track,
  frames: readonly Omit<Frame, "timestampUs">[],
  options: { readonly rate?: number; readonly once?: boolean } = {},
): Disposable {
  const { rate = 25 } = options;
  const beginUs = systemClock.nowUs();
  let count = 0;
  return every(systemClock, 5, () => {
    for (; (count * 1e6) / rate <= systemClock.nowUs() - beginUs; count++) {
      const frame = frames[options.once ? count : count % frames.length];
      if (frame) track.write({ ...frame, timestampUs: beginUs + Math.round((count * 1e6) / rate) });
    }
  });
}

/** What a program said and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program to its end; `signal` ends it before. */
export async function run(command: string, args: readonly string[], signal?: AbortSignal): Promise<Ended> {
  const child: ChildProcess = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  signal?.addEventListener("abort", () => child.kill("SIGTERM"), { once: true });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
}
