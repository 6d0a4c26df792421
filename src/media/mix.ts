import { createOpusEncoder, type OpusEncoder } from "../codecs/opus/index.ts";
import { bytesOf, isSilent, rmsLevel, samplesOf } from "../codecs/pcm/index.ts";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { DuckGate } from "./duck.ts";
import { type AudioFormat, pcmFormat } from "./format.ts";
import { JitterBuffer } from "./jitter.ts";
import { openPcmInput, type PcmInput } from "./pcm-input.ts";
import type { Reader } from "./reader.ts";
import { Track } from "./track.ts";

/** Options of {@link Mixer}. */
export interface MixerOptions {
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** Options of {@link Mixer.mix}. */
export interface MixOptions {
  /** Opus, or {@link mixedPcm}. */
  readonly format: AudioFormat;
  /** While this sounds, the mix is lowered: the far end of a station that does not cancel its echo. */
  readonly duckedBy?: Track;
}

const rateHz = 48_000;
const blockMs = 20;
const blockUs = blockMs * 1000;
const blockSamples = (rateHz * blockMs) / 1000;
/** A tick that comes later than this is not made up for. */
const maxBehindUs = 200_000;
/** A block that is missing is the one before, softer, so often. */
const maxRepeats = 2;
/** A mix of microphones that are all silent is sent for so many blocks, since a talker only draws breath; then nothing. */
const silentTail = 25;

/** A mix as samples: 48 kHz, one channel. */
export const mixedPcm = pcmFormat(rateHz);

/**
 * Mixes voices in this process: libopus and typed arrays, blocks of 20 ms. Each source is decoded and evened out once,
 * whatever it is mixed into; each distinct set of sources is mixed and encoded once for all who hear it, while somebody
 * does. Sources are Opus, PCM or G.711 of any rate.
 */
export class Mixer {
  readonly #options: MixerOptions;
  readonly #sources = new Map<Track, Source>();
  readonly #mixes = new Map<string, Track>();
  readonly #running = new Set<Mix>();
  /** A device that comes again has another track of the same name. */
  readonly #numbers = new WeakMap<Track, number>();
  #count = 0;
  #tick: Disposable | undefined;
  #nextUs = 0;

  constructor(options: MixerOptions) {
    this.#options = options;
  }

  /** How many sources are being decoded, and how many mixes made. */
  get size(): { readonly sources: number; readonly mixes: number } {
    return { sources: this.#sources.size, mixes: this.#running.size };
  }

  /** All of `tracks` as one; the same tracks give the same mix. It is made while it has readers, and ends with the last source. */
  mix(tracks: readonly Track[], options: MixOptions): Track {
    const { format, duckedBy } = options;
    const numbers = tracks.map((track) => this.#number(track)).sort((a, b) => a - b);
    const key = [format.codec, duckedBy ? this.#number(duckedBy) : "", ...numbers].join(" ");
    const known = this.#mixes.get(key);
    if (known?.open) return known;
    let mix: Mix | undefined;
    const { clock } = this.#options;
    const output: Track = new Track(format, {
      id: `mix/${key}`,
      clock,
      onDemand: (wanted) => {
        if (mix) this.#end(mix);
        mix = wanted ? this.#begin(output, { tracks, duckedBy }) : undefined;
        if (!wanted && this.#mixes.get(key) === output) this.#mixes.delete(key);
      },
    });
    this.#mixes.set(key, output);
    return output;
  }

  #number(track: Track): number {
    const number = this.#numbers.get(track) ?? ++this.#count;
    this.#numbers.set(track, number);
    return number;
  }

  #begin(output: Track, from: { readonly tracks: readonly Track[]; readonly duckedBy: Track | undefined }): Mix {
    const mix = new Mix({
      output,
      sources: from.tracks.map((track) => this.#source(track)),
      far: from.duckedBy && this.#source(from.duckedBy),
      onError: this.#options.onError,
    });
    this.#running.add(mix);
    if (this.#running.size === 1) {
      this.#nextUs = this.#options.clock.nowUs() + blockUs;
      this.#schedule();
    }
    return mix;
  }

  #end(mix: Mix): void {
    this.#running.delete(mix);
    mix[Symbol.dispose]();
    for (const source of mix.all) {
      if (--source.users > 0) continue;
      this.#sources.delete(source.track);
      source[Symbol.dispose]();
    }
    if (this.#running.size === 0) this.#tick?.[Symbol.dispose]();
  }

  #source(track: Track): Source {
    const source = this.#sources.get(track) ?? new Source(track, this.#options);
    this.#sources.set(track, source);
    source.users++;
    return source;
  }

  /** By the clock, not by the timers: their lateness must not add up. */
  #schedule(): void {
    const { clock } = this.#options;
    this.#tick = clock.timer(Math.max(1, (this.#nextUs - clock.nowUs()) / 1000), () => {
      const nowUs = clock.nowUs();
      if (nowUs - this.#nextUs > maxBehindUs) this.#nextUs = nowUs;
      for (; this.#nextUs <= nowUs; this.#nextUs += blockUs) this.#step(this.#nextUs);
      if (this.#running.size > 0) this.#schedule();
    });
  }

  #step(atUs: number): void {
    for (const source of this.#sources.values()) source.step();
    for (const mix of [...this.#running]) mix.step(atUs);
  }
}

/** One track as samples, a block for each step. */
class Source implements Disposable {
  users = 0;
  /** The block of this step; undefined while nothing is to be heard. */
  block: Int16Array | undefined;
  /** Sound comes, in which nothing is to be heard. */
  silent = false;
  readonly track: Track;
  readonly #jitter: JitterBuffer;
  readonly #reader: Reader;
  #input: PcmInput | undefined;
  #repeats = 0;
  #over = false;

  constructor(track: Track, { clock, onError }: MixerOptions) {
    this.track = track;
    this.#jitter = new JitterBuffer({ clock, frameUs: blockUs });
    this.#reader = track.read({ start: "live", maxFrames: 25, onReady: () => this.#take() });
    const open = openPcmInput(track.format as AudioFormat, {
      rateHz,
      give: (block) => this.#jitter.push(block),
      onError,
    });
    const opened = open.then((input) => {
      if (this.#over) return input[Symbol.dispose]();
      this.#input = input;
      this.#take();
    });
    background(opened, onError);
  }

  step(): void {
    const turn = this.#jitter.pull();
    this.silent = false;
    if (turn.type === "frame") {
      const samples = samplesOf(turn.frame.data);
      this.silent = isSilent(samples);
      this.block = this.silent ? undefined : samples;
      this.#repeats = 0;
    } else if (turn.type === "lost" && this.block && this.#repeats++ < maxRepeats) {
      this.block = this.block.map((sample) => sample >> 1);
    } else this.block = undefined;
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#reader[Symbol.dispose]();
    this.#input?.[Symbol.dispose]();
  }

  #take(): void {
    if (!this.#input) return;
    for (let frame = this.#reader.take(); frame; frame = this.#reader.take()) this.#input.push(frame);
  }
}

/** One set of sources as one track. */
class Mix implements Disposable {
  readonly #output: Track;
  readonly #sources: readonly Source[];
  readonly #far: Source | undefined;
  readonly #gate = new DuckGate();
  readonly #limiter = new Limiter();
  readonly #sum = new Int32Array(blockSamples);
  /** What was mixed last, where it is copied before the next. */
  readonly #mixed = new Int16Array(blockSamples);
  #silentBlocks = silentTail;
  #encoder: OpusEncoder | undefined;
  #over = false;

  constructor(of: {
    readonly output: Track;
    readonly sources: readonly Source[];
    readonly far: Source | undefined;
    readonly onError: (error: unknown) => void;
  }) {
    this.#output = of.output;
    this.#sources = of.sources;
    this.#far = of.far;
    if (of.output.format.codec === mixedPcm.codec) return;
    const opened = createOpusEncoder({ sampleRateHz: rateHz, channels: 1 }).then((encoder) => {
      if (this.#over) encoder[Symbol.dispose]();
      else this.#encoder = encoder;
    });
    background(opened, of.onError);
  }

  /** All that it reads. */
  get all(): readonly Source[] {
    return this.#far ? [...this.#sources, this.#far] : this.#sources;
  }

  step(atUs: number): void {
    if (this.#sources.every(({ track }) => !track.open)) {
      this.#output.close();
      return;
    }
    const gain = this.#far && this.#gate.next(this.#far.block ? rmsLevel(bytesOf(this.#far.block)) : 0, blockMs);
    const sounding = this.#add();
    if (sounding > 0) this.#silentBlocks = 0;
    else if (!this.#sources.some(({ silent }) => silent) || this.#silentBlocks++ >= silentTail) return;
    const isCopied = this.#output.format.codec === "opus";
    const samples = isCopied ? this.#mixed : new Int16Array(blockSamples);
    this.#limiter.limit(this.#sum, samples);
    if (gain) ramp(samples, gain);
    const data = this.#made(bytesOf(samples));
    if (data) this.#output.write({ data, timestampUs: atUs, durationUs: blockUs, key: true });
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#encoder?.[Symbol.dispose]();
    this.#encoder = undefined;
  }

  /** Adds up who is heard; gives how many those are. */
  #add(): number {
    const sum = this.#sum;
    let count = 0;
    for (const { block } of this.#sources) {
      if (!block) continue;
      if (count++ === 0) sum.set(block);
      else for (let n = 0; n < blockSamples; n++) sum[n] = (sum[n] as number) + (block[n] as number);
    }
    if (count === 0) sum.fill(0);
    return count;
  }

  #made(pcm: Uint8Array): Uint8Array | undefined {
    if (this.#output.format.codec !== "opus") return pcm;
    return this.#encoder?.encode(pcm);
  }
}

/** Keeps a sum within what 16 bits hold: turns it down in an instant, and up again slowly, so that nothing is cut off. */
class Limiter {
  #gain = 1;

  limit(sum: Int32Array, output: Int16Array): void {
    const peak = peakOf(sum);
    const from = this.#gain;
    const bearable = Math.min(1, 32_767 / peak);
    const to = Math.min(bearable, from + 0.02);
    this.#gain = to;
    if (from === 1 && to === 1) {
      output.set(sum);
      return;
    }
    // Down at once: a ramp would let the beginning of the block through.
    const start = Math.min(from, bearable);
    for (let n = 0; n < sum.length; n++)
      output[n] = Math.round((sum[n] ?? 0) * (start + ((to - start) * n) / sum.length));
  }
}

function peakOf(sum: Int32Array): number {
  let [least, most] = [-1, 1];
  for (let n = 0; n < sum.length; n++) {
    const sample = sum[n] as number;
    if (sample > most) most = sample;
    else if (sample < least) least = sample;
  }
  return Math.max(most, -least);
}

function ramp(samples: Int16Array, { from, to }: { readonly from: number; readonly to: number }): void {
  if (from === 1 && to === 1) return;
  // Lowered within 5 ms, so that no echo slips through; back over the whole block.
  const length = to < from ? samples.length / 4 : samples.length;
  for (let n = 0; n < samples.length; n++) {
    const gain = from + (to - from) * Math.min(1, n / length);
    samples[n] = Math.round((samples[n] ?? 0) * gain);
  }
}
