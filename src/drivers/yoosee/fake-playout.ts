import { writeWav } from "../../codecs/wav/index.ts";
import type { Clock } from "../../util/clock.ts";

/** Options of {@link FakePlayout}. */
export interface FakePlayoutOptions {
  readonly clock: Clock;
  readonly rateHz: number;
  /** What the camera can hold; more is thrown away and counted as an overrun. */
  readonly capacityMs: number;
}

/** What a fake camera's ear noticed; monotonic counters. */
export interface PlayoutCounters {
  /** The buffer ran empty while more was still to come. */
  underruns: number;
  /** A record found the buffer full. */
  overruns: number;
  /** Sound thrown away by CLOSE before it was heard, ms. */
  cutMs: number;
  /** The most that ever waited to be played, ms. */
  maxLeadMs: number;
  /** Sound that was played, without the gaps, ms. */
  playedMs: number;
}

/**
 * The playout buffer of a camera: plays from the first block on at its rate, whatever the network does. It computes
 * from the clock what was played when somebody asks, so that it needs no timer.
 */
export class FakePlayout {
  readonly counters: PlayoutCounters = { underruns: 0, overruns: 0, cutMs: 0, maxLeadMs: 0, playedMs: 0 };
  readonly #options: FakePlayoutOptions;
  #queue: Int16Array[] = [];
  #queued = 0;
  #played: Int16Array[] = [];
  #positionUs = 0;
  #playing = false;
  #firstSoundUs: number | undefined;

  constructor(options: FakePlayoutOptions) {
    this.#options = options;
  }

  /** When the first sample that is not silence left (or will leave) the loudspeaker, hub clock µs. */
  get firstSoundUs(): number | undefined {
    return this.#firstSoundUs;
  }

  /** Gives {@link firstSoundUs} and looks for the next first sound from now on. */
  takeFirstSound(): number | undefined {
    const atUs = this.#firstSoundUs;
    this.#firstSoundUs = undefined;
    return atUs;
  }

  /** Waiting to be played, ms. */
  get leadMs(): number {
    this.#advance();
    return this.#ms(this.#queued);
  }

  /** Takes one block of pcm_s16le. */
  push(pcm: Uint8Array): void {
    this.#advance();
    const block = samples(pcm);
    if (this.#ms(this.#queued + block.length) > this.#options.capacityMs) {
      this.counters.overruns++;
      return;
    }
    this.#noteGap();
    this.#noteFirstSound(block);
    this.#queue.push(block);
    this.#queued += block.length;
    this.counters.maxLeadMs = Math.max(this.counters.maxLeadMs, this.#ms(this.#queued));
  }

  /** CLOSE: silence at once. */
  cut(): void {
    this.#advance();
    this.counters.cutMs += this.#ms(this.#queued);
    this.#queue = [];
    this.#queued = 0;
    this.#playing = false;
  }

  /** Everything that was played since the beginning, gaps as silence, as samples. */
  played(): Int16Array {
    this.#advance();
    const all = new Int16Array(this.#played.reduce((sum, block) => sum + block.length, 0));
    let offset = 0;
    for (const block of this.#played) {
      all.set(block, offset);
      offset += block.length;
    }
    return all;
  }

  #ms(count: number): number {
    return (count * 1000) / this.#options.rateHz;
  }

  /** Plays what is due. When the buffer is empty, `#positionUs` stays where the last sample ended. */
  #advance(): void {
    const nowUs = this.#options.clock.nowUs();
    for (let block = this.#queue[0]; block; block = this.#queue[0]) {
      const due = Math.floor(((nowUs - this.#positionUs) * this.#options.rateHz) / 1e6);
      if (due <= 0) return;
      const count = Math.min(due, block.length);
      this.#played.push(block.subarray(0, count));
      if (count === block.length) this.#queue.shift();
      else this.#queue[0] = block.subarray(count);
      this.#queued -= count;
      this.#positionUs += (count * 1e6) / this.#options.rateHz;
      this.counters.playedMs += this.#ms(count);
    }
  }

  #noteGap(): void {
    if (this.#queued > 0) return;
    const nowUs = this.#options.clock.nowUs();
    const gap = Math.floor(((nowUs - this.#positionUs) * this.#options.rateHz) / 1e6);
    if (this.#playing && gap > 0) {
      this.counters.underruns++;
      this.#played.push(new Int16Array(Math.min(gap, 10 * this.#options.rateHz)));
    }
    this.#positionUs = nowUs;
    this.#playing = true;
  }

  #noteFirstSound(block: Int16Array): void {
    if (this.#firstSoundUs !== undefined) return;
    const index = block.findIndex((sample) => Math.abs(sample) > 300);
    if (index < 0) return;
    this.#firstSoundUs = this.#positionUs + ((this.#queued + index) * 1e6) / this.#options.rateHz;
  }
}

/** A WAV file (RIFF, PCM 16 bit mono) of `pcm`. */
export function wavFile(pcm: Int16Array, rateHz: number): Uint8Array {
  return writeWav(pcm, { sampleRateHz: rateHz });
}

function samples(pcm: Uint8Array): Int16Array {
  const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  const block = new Int16Array(pcm.length >> 1);
  for (let index = 0; index < block.length; index++) block[index] = view.getInt16(index * 2, true);
  return block;
}
