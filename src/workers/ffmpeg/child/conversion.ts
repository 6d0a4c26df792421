import type { Frame as AvFrame } from "node-av/lib";
import type { AudioFormat } from "../../../media/format.ts";
import type { Frame } from "../../../media/frame.ts";
import { Blocks } from "./blocks.ts";
import { type AudioDecoder, createAudioDecoder } from "./decode.ts";
import { type AudioEncoder, createAudioEncoder, type EncodedPacket } from "./encode.ts";
import { Resampler } from "./resample.ts";

/** Beyond this the source's time has jumped: the output's time jumps with it. */
const jumpUs = 2_000_000;
/** Sound that is this much too early is left out, so that it stays with the picture. */
const earlyUs = 60_000;
/** Smaller differences are left alone. */
const slackUs = 4_000;

/**
 * One stream of sound from one format to another, live. Output packets follow each other without a gap or overlap;
 * their timestamps are the input's: what is missing is concealed, what drifts is stretched by 0.5 % at most, and the
 * encoder's own delay is taken off. Input of one stream only, in order.
 */
export class AudioConversionCore implements Disposable {
  readonly output: AudioFormat;
  readonly #decoder: AudioDecoder;
  readonly #encoder: AudioEncoder;
  readonly #resampler: Resampler;
  readonly #blocks: Blocks;
  /** Hub time of output sample 0. */
  #anchorUs: number | undefined;
  /** Samples per channel put into blocks, and given to the encoder. */
  #samplesIn = 0;
  #samplesEncoded = 0;
  #previousEndUs = 0;
  #previousUs = 20_000;
  #lateUs = 0;
  #nextCompensation = 0;

  private constructor(decoder: AudioDecoder, encoder: AudioEncoder, gain: number) {
    this.#decoder = decoder;
    this.#encoder = encoder;
    this.output = encoder.output;
    this.#resampler = new Resampler({ ...encoder.output, followsClock: true });
    this.#blocks = new Blocks({ blockSamples: encoder.blockSamples, channels: encoder.output.channels, gain });
  }

  /** Opens decoder and encoder. Throws FatalError when FFmpeg lacks one of them. */
  static async open(input: AudioFormat, output: AudioFormat, gain: number): Promise<AudioConversionCore> {
    const encoder = await createAudioEncoder(output);
    return new AudioConversionCore(await createAudioDecoder(input), encoder, gain);
  }

  /** Converts one frame; gives what is complete. */
  push(frame: Frame): Frame[] {
    this.#follow(frame);
    const late = this.#time(frame.timestampUs);
    if (late < -earlyUs) {
      this.#decoder.decode(frame.data, () => {});
    } else {
      const before = this.#position();
      if (!this.#decoder.decode(frame.data, this.#take)) return []; // damaged: bridged when the next one comes
      const decodedUs = Math.round((this.#position() - before) * this.#usPerSample);
      if (decodedUs > 1000) this.#previousUs = decodedUs;
    }
    this.#previousEndUs = frame.timestampUs + this.#previousUs;
    return this.#drain();
  }

  /** No more input: gives the rest, the last block filled up with silence. */
  flush(): Frame[] {
    this.#decoder.flush(this.#take);
    this.#put(this.#resampler.flush());
    const frames = this.#drain();
    const last = this.#blocks.takeLast();
    if (last) frames.push(...this.#encode(last));
    frames.push(...this.#encoder.flush().map((packet) => this.#frame(packet)));
    return frames;
  }

  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
    this.#encoder[Symbol.dispose]();
    this.#resampler[Symbol.dispose]();
  }

  get #usPerSample(): number {
    return 1e6 / this.output.sampleRateHz;
  }

  /** Output samples for all input so far. */
  #position(): number {
    return this.#samplesIn + this.#resampler.delaySamples;
  }

  /** Hub time minus the time that the output is at: positive when sound is missing. */
  #time(timestampUs: number): number {
    return timestampUs - ((this.#anchorUs ?? timestampUs) + this.#position() * this.#usPerSample);
  }

  /** Brings the output's time to the input's: jump, conceal or stretch. */
  #follow(frame: Frame): void {
    if (this.#position() === 0) this.#anchorUs = frame.timestampUs;
    const lateUs = this.#time(frame.timestampUs);
    if (Math.abs(lateUs) >= jumpUs) {
      this.#anchorUs = (this.#anchorUs ?? 0) + lateUs;
      this.#lateUs = 0;
      return;
    }
    const gapUs = frame.timestampUs - this.#previousEndUs;
    const lost = gapUs >= 0.75 * this.#previousUs && lateUs >= this.#previousUs / 2;
    if (this.#samplesIn > 0 && (lost || lateUs > earlyUs))
      this.#conceal(frame, Math.min(gapUs > 0 ? gapUs : lateUs, lateUs));
    else this.#stretch(lateUs);
  }

  #conceal(frame: Frame, gapUs: number): void {
    const soundUs = Math.min(gapUs, 100_000);
    const before = this.#position();
    this.#decoder.conceal(soundUs, frame.data, this.#take);
    const missing = Math.round(gapUs / this.#usPerSample - (this.#position() - before));
    if (missing > 0) this.#put(Buffer.alloc(missing * this.output.channels * 2));
    this.#lateUs = 0;
  }

  #stretch(lateUs: number): void {
    this.#lateUs += (lateUs - this.#lateUs) / 16;
    const rate = this.output.sampleRateHz;
    if (this.#samplesIn < this.#nextCompensation) return;
    this.#nextCompensation = this.#samplesIn + rate;
    if (Math.abs(this.#lateUs) < slackUs) return;
    const wanted = this.#lateUs / this.#usPerSample / 2;
    const most = rate / 200;
    this.#resampler.compensate(Math.round(Math.max(-most, Math.min(most, wanted))), rate);
  }

  readonly #take = (frame: AvFrame): void => this.#put(this.#resampler.convert(frame));

  #put(samples: Buffer): void {
    this.#samplesIn += samples.length / 2 / this.output.channels;
    this.#blocks.push(samples);
  }

  #drain(): Frame[] {
    const frames: Frame[] = [];
    for (let block = this.#blocks.take(); block; block = this.#blocks.take()) frames.push(...this.#encode(block));
    return frames;
  }

  #encode(block: Buffer): Frame[] {
    const packets = this.#encoder.encode(block, this.#samplesEncoded);
    this.#samplesEncoded += this.#encoder.blockSamples;
    return packets.map((packet) => this.#frame(packet));
  }

  #frame(packet: EncodedPacket): Frame {
    return {
      data: packet.data,
      timestampUs: Math.round((this.#anchorUs ?? 0) + packet.pts * this.#usPerSample),
      durationUs: Math.round(this.#encoder.blockSamples * this.#usPerSample),
      key: true,
    };
  }
}
