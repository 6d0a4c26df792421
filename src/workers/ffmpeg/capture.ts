import type { Format } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { RecoverableError } from "../../util/errors.ts";
import type { FfmpegLink } from "./link.ts";
import type { CaptureOptions, Opened, StreamFrame } from "./messages.ts";
import { Queue } from "./queue.ts";

/** What a device films, as H.264. Disposing it gives the device back. */
export interface Capture extends Disposable {
  readonly format: Format;
  /** FFmpeg's name of what encodes it; undefined where the device gives H.264, which passes through. */
  readonly encoder: string | undefined;
  /** As they come, the first one a key frame; timestamps from 0. Throws RecoverableError when the device or the worker is lost. */
  readonly frames: AsyncIterable<Frame>;
  /** Asks for a key frame now, or for about so many bits per second. Without effect where nothing is encoded. */
  tune(how: { readonly keyFrame?: boolean; readonly bitrateBps?: number }): void;
}

/** Pictures that wait for a reader that has fallen asleep. */
const maxWaiting = 300;

/**
 * Opens a device that films. Throws FatalError `no-device`, `no-codec`, `no-ffmpeg`; RecoverableError `capture` for one that is not
 * there or in use.
 */
export async function openCapture(link: FfmpegLink, options: CaptureOptions): Promise<Capture> {
  const opened = Promise.withResolvers<Opened>();
  const queue = new Queue<StreamFrame>({ maxItems: maxWaiting });
  const fail = (error: Error): void => {
    opened.reject(error);
    queue.end(error);
  };
  const job = link.open(
    { op: "capture", capture: options },
    {
      opened: opened.resolve,
      frames: (frames) => {
        for (const frame of frames) queue.push(frame);
      },
      end: () => fail(new RecoverableError("the camera has ended", { code: "capture" })),
      failed: fail,
      lost: () => fail(new RecoverableError("the media worker died", { code: "worker-lost" })),
    },
  );
  const { formats, encoder } = await opened.promise;
  const [format] = formats;
  if (!format) throw new RecoverableError("the camera gives no picture", { code: "capture" });
  return {
    format,
    encoder,
    frames: queue,
    tune: (how) => job.send({ op: "tune", ...how }),
    [Symbol.dispose]: () => {
      job[Symbol.dispose]();
      queue.end();
    },
  };
}
