import { Timeline } from "../../media/timeline.ts";
import { Track } from "../../media/track.ts";
import type { ViewerFeedback } from "../../media/viewer.ts";
import { background } from "../../util/background.ts";
import { backoffDelayMs } from "../../util/backoff.ts";
import type { Clock } from "../../util/clock.ts";
import { isAbort, messageOf, RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { until } from "../../util/until.ts";
import type { Capture, CaptureOptions, FfmpegWorker } from "../../workers/ffmpeg/index.ts";
import { RateControl, type RateLimits } from "./rate.ts";
import type { AgentSource } from "./source.ts";

/** Options of {@link CaptureSource}. */
export interface CaptureSourceOptions {
  readonly converter: Pick<FfmpegWorker, "openCapture">;
  readonly device: Omit<CaptureOptions, "bitrateBps">;
  readonly limits: RateLimits;
  /** It is open: by which encoder, or undefined where it gives H.264 itself. */
  readonly onOpen: (encoder: string | undefined) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** A device stays open for a moment behind its last viewer: opening one again takes longer. */
const lingerMs = 3000;
/** Longest wait for its first picture. */
const firstMs = 10_000;
const retry = { firstMs: 1000, maxMs: 15_000 } as const;
/** Key frames are large: all who ask within this time share one. */
const keyFrameMs = 500;
/** An encoder is not told of less. */
const worthwhile = 0.05;

/**
 * A device of this machine that films, encoded once for all who watch: open while somebody does, with a key frame for each who
 * comes or lost the picture, as large as the viewer bears that bears least. Its owner disposes it.
 */
export class CaptureSource implements AgentSource, Disposable {
  readonly #options: CaptureSourceOptions;
  readonly #rate: RateControl;
  readonly #over = new AbortController();
  #demands = 0;
  #linger: Disposable | undefined;
  /** Aborts when nobody watches any more. */
  #wanted: AbortController | undefined;
  #capture: Capture | undefined;
  #track: Track | undefined;
  #first = Promise.withResolvers<Track>();
  #keyUs = Number.NEGATIVE_INFINITY;
  #told = 0;

  constructor(options: CaptureSourceOptions) {
    this.#options = options;
    this.#rate = new RateControl(options.limits);
    this.#first.promise.catch(() => {});
  }

  demand(): Disposable {
    this.#linger?.[Symbol.dispose]();
    this.#demands++;
    if (!this.#wanted) this.#begin();
    const held = new DisposableStack();
    held.defer(() => {
      if (--this.#demands > 0) return;
      this.#linger = this.#options.clock.timer(lingerMs, () => this.#end());
    });
    return held;
  }

  async tracks(signal: AbortSignal): Promise<{ readonly video: Track }> {
    const error = () => new RecoverableError("the camera gives no picture", { code: "capture" });
    const { clock } = this.#options;
    return { video: await until(this.#first.promise, { signal, within: { ms: firstMs, clock, error } }) };
  }

  heard(viewer: string, feedback: ViewerFeedback): void {
    this.#rate.heard(viewer, feedback);
    if (feedback.type === "key-frame") this.#keyFrame();
    this.#follow();
  }

  left(viewer: string): void {
    this.#rate.left(viewer);
    this.#follow();
  }

  [Symbol.dispose](): void {
    this.#over.abort();
    this.#linger?.[Symbol.dispose]();
    this.#end();
    this.#track?.close();
  }

  #begin(): void {
    const wanted = new AbortController();
    this.#wanted = wanted;
    this.#first = Promise.withResolvers();
    this.#first.promise.catch(() => {});
    background(this.#run(AbortSignal.any([wanted.signal, this.#over.signal])), (err) => {
      if (!isAbort(err)) this.#options.log.error({ err }, "the camera failed");
    });
  }

  #end(): void {
    this.#wanted?.abort();
    this.#wanted = undefined;
    this.#capture?.[Symbol.dispose]();
  }

  /** Opens the device, and again when it was lost, while somebody watches. */
  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.#film(signal, () => {
          attempt = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: error }, `the camera cannot be shown: ${messageOf(error)}`);
        this.#first.reject(error);
        this.#first = Promise.withResolvers();
        this.#first.promise.catch(() => {});
      }
      await clock.sleep(backoffDelayMs(attempt, retry), signal);
    }
  }

  async #film(signal: AbortSignal, onFirst: () => void): Promise<void> {
    const { converter, device, clock, onOpen } = this.#options;
    this.#told = this.#rate.bitrateBps;
    using capture = await converter.openCapture({ ...device, bitrateBps: this.#told });
    if (signal.aborted) return;
    this.#capture = capture;
    onOpen(capture.encoder);
    const track = this.#trackOf(capture);
    const timeline = new Timeline({ clock, clockRateHz: 1_000_000 });
    try {
      for await (const frame of capture.frames) {
        if (signal.aborted) break;
        track.write({ ...frame, timestampUs: timeline.map(frame.timestampUs) });
        this.#first.resolve(track);
        onFirst();
      }
    } finally {
      this.#capture = undefined;
      track.interrupt();
    }
  }

  /** The same for those who watch while the device is opened again. */
  #trackOf({ format }: Capture): Track {
    const { clock } = this.#options;
    if (this.#track?.format.codec === format.codec) this.#track.updateFormat(format);
    else this.#track = new Track(format, { id: "agent/camera", clock });
    return this.#track;
  }

  #keyFrame(): void {
    const nowUs = this.#options.clock.nowUs();
    if (nowUs - this.#keyUs < keyFrameMs * 1000) return;
    this.#keyUs = nowUs;
    this.#capture?.tune({ keyFrame: true });
  }

  #follow(): void {
    const { bitrateBps } = this.#rate;
    if (Math.abs(bitrateBps / this.#told - 1) < worthwhile) return;
    this.#told = bitrateBps;
    this.#capture?.tune({ bitrateBps });
  }
}
