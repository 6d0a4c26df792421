import { AV_SAMPLE_FMT_S16, type AVSampleFormat } from "node-av/constants";
import { type Frame, SoftwareResampleContext } from "node-av/lib";
import { bufferOf, check, emptyFrame, layoutOf } from "./av.ts";

/** What {@link Resampler} gives. */
export interface ResamplerOptions {
  readonly sampleRateHz: number;
  readonly channels: number;
  /** Whether {@link Resampler.compensate} is going to be called. */
  readonly followsClock: boolean;
}

/**
 * Sound in whatever shape FFmpeg's decoders give it -> interleaved 16-bit samples of one rate and channel count.
 * A change of the input's shape in mid-stream is followed. Mono becomes stereo without losing loudness. Samples that have
 * the output's shape already come out bit by bit, unless a clock is to be followed: that takes a filter.
 */
export class Resampler implements Disposable {
  #context: SoftwareResampleContext | undefined;
  #shape = "";
  readonly #frame = emptyFrame();
  readonly #output: ResamplerOptions;

  constructor(output: ResamplerOptions) {
    this.#output = output;
  }

  /** Samples (per channel, at the output's rate) that are inside and not yet out. */
  get delaySamples(): number {
    return this.#context ? Number(this.#context.getDelay(BigInt(this.#output.sampleRateHz))) : 0;
  }

  /** Resamples one frame; nothing comes of one whose shape no resampler takes. The result is the caller's. */
  convert(input: Frame): Buffer {
    const tail = this.#follow(input);
    if (!tail) return Buffer.alloc(0);
    const samples = this.#run(input);
    return tail.length > 0 ? Buffer.concat([tail, samples]) : samples;
  }

  /** Gives what is still inside. */
  flush(): Buffer {
    return this.#context ? this.#run(null) : Buffer.alloc(0);
  }

  /** Stretches (positive) or shrinks the next `overSamples` output samples by `samples`, inaudibly. */
  compensate(samples: number, overSamples: number): void {
    if (this.#context) check(this.#context.setCompensation(samples, overSamples), "following the source's clock");
  }

  [Symbol.dispose](): void {
    this.#context?.free();
    this.#frame.free();
  }

  /** Makes ready for the input's shape; gives what was inside. Undefined for a shape that damaged input claims. */
  #follow(input: Frame): Buffer | undefined {
    if (input.channelLayout.order === 0) input.channelLayout = layoutOf(input.channelLayout.nbChannels); // WAV says only how many
    const { nbChannels, mask } = input.channelLayout;
    const shape = `${input.sampleRate}/${input.format}/${nbChannels}/${mask}`;
    if (shape === this.#shape) return Buffer.alloc(0);
    const context = this.#open(input);
    if (!context) return undefined;
    const tail = this.flush();
    this.#context?.free();
    this.#context = context;
    this.#shape = shape;
    return tail;
  }

  #open(input: Frame): SoftwareResampleContext | undefined {
    const { channels, sampleRateHz, followsClock } = this.#output;
    const filters = followsClock || input.sampleRate !== sampleRateHz;
    const context = new SoftwareResampleContext();
    const format = input.format as AVSampleFormat;
    const from = input.channelLayout;
    const set = [layoutOf(channels), AV_SAMPLE_FMT_S16, sampleRateHz, from, format, input.sampleRate] as const;
    const usable =
      context.allocSetOpts2(...set) >= 0 &&
      (from.nbChannels !== 1 || channels !== 2 || context.setMatrix([1, 1], 1) >= 0) &&
      (!filters || context.setOption("flags", "res") >= 0) &&
      context.init() >= 0;
    if (usable) return context;
    context.free();
    return undefined;
  }

  #run(input: Frame | null): Buffer {
    const frame = this.#frame;
    frame.unref();
    frame.format = AV_SAMPLE_FMT_S16;
    frame.sampleRate = this.#output.sampleRateHz;
    frame.channelLayout = layoutOf(this.#output.channels);
    check(this.#context?.convertFrame(frame, input) ?? 0, "resampling");
    const bytes = frame.nbSamples * this.#output.channels * 2;
    const plane = frame.data?.[0];
    return plane && bytes > 0 ? Buffer.from(bufferOf(plane).subarray(0, bytes)) : Buffer.alloc(0);
  }
}
