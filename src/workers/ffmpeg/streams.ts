import { resolve } from "node:path";
import type { Format } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { RecoverableError } from "../../util/errors.ts";
import type { FfmpegLink, JobHandle, JobMessage } from "./link.ts";
import type { Opened, SceneOptions, StreamFrame } from "./messages.ts";
import { Queue } from "./queue.ts";

/** Frames that may be on their way. */
const window = 24;

/** Several streams side by side: a file that passes through, or a made-up camera. */
export interface MediaStreams extends Disposable {
  /** By stream number. */
  readonly formats: readonly Format[];
  readonly durationUs: number | undefined;
  /** In decoding order, timestamps from 0. The pull is the back-pressure. Throws RecoverableError when the worker dies. */
  readonly frames: AsyncIterable<StreamFrame>;
}

/** Opens the streams of a media file, unchanged. Throws FatalError `no-such-file`, `not-audio`, `unknown-codec`. */
export function openFileStreams(link: FfmpegLink, path: string): Promise<MediaStreams> {
  return openStreams(link, { op: "demux", path: resolve(path) });
}

/** A scene by default. */
export const defaultScene: SceneOptions = {
  codec: "h264",
  widthPx: 640,
  heightPx: 360,
  fps: 25,
  gopFrames: 50,
  name: "",
  hue: 205,
  startWallMs: 0,
  toneHz: 0,
};

/** Opens a made-up camera. Sizes are made even and bounded to 1920 by 1080. */
export function openSceneStreams(link: FfmpegLink, options: Partial<SceneOptions>): Promise<MediaStreams> {
  const scene = { ...defaultScene, ...options };
  const bounded = (value: number, most: number): number => Math.max(64, Math.min(most, Math.floor(value / 2) * 2));
  return openStreams(link, {
    op: "scene",
    scene: {
      ...scene,
      widthPx: bounded(scene.widthPx, 1920),
      heightPx: bounded(scene.heightPx, 1080),
      fps: Math.max(1, Math.min(60, Math.round(scene.fps))),
      gopFrames: Math.max(1, Math.min(600, Math.round(scene.gopFrames))),
    },
  });
}

/** A made-up camera's pictures, ready to be served in a loop by a fake. */
export interface Clip {
  readonly format: Format;
  /** Timestamps from 0; the first frame is a key frame. */
  readonly frames: readonly Frame[];
  readonly durationUs: number;
}

/** Draws and encodes `seconds` of a scene. */
export async function generateClip(
  link: FfmpegLink,
  options: Partial<SceneOptions> & { readonly seconds: number },
): Promise<Clip> {
  using streams = await openSceneStreams(link, { ...options, toneHz: 0 });
  const frames: Frame[] = [];
  for await (const { data, timestampUs, key } of streams.frames) frames.push({ data, timestampUs, key });
  const [format] = streams.formats;
  if (!format) throw new RecoverableError("the made-up camera has no picture");
  return { format, frames, durationUs: Math.round(options.seconds * 1e6) };
}

async function openStreams(link: FfmpegLink, message: JobMessage): Promise<MediaStreams> {
  const opened = Promise.withResolvers<Opened>();
  let taken = 0;
  const queue = new Queue<StreamFrame>({
    onTake: () => {
      if (++taken < window / 2) return;
      job.send({ op: "credit", frames: taken });
      taken = 0;
    },
  });
  const fail = (error: Error): void => {
    opened.reject(error);
    queue.end(error);
  };
  const job: JobHandle = link.open(message, {
    opened: opened.resolve,
    frames: (frames) => {
      for (const frame of frames) queue.push(frame);
    },
    end: () => queue.end(),
    failed: fail,
    lost: () => fail(new RecoverableError("the media worker died", { code: "worker-lost" })),
  });
  job.send({ op: "credit", frames: window });
  const { formats, durationUs } = await opened.promise;
  return {
    formats,
    durationUs,
    frames: queue,
    [Symbol.dispose]: () => {
      job[Symbol.dispose]();
      queue.end();
    },
  };
}
