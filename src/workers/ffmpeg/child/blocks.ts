import { Reblocker } from "../../../media/reblock.ts";
import { bufferOf } from "./av.ts";

/** Cuts interleaved 16-bit samples into blocks of one size, multiplied by `gain` with saturation. */
export class Blocks {
  #ready: Buffer[] = [];
  readonly #reblocker: Reblocker;
  readonly #gain: number;

  constructor(options: { readonly blockSamples: number; readonly channels: number; readonly gain: number }) {
    this.#reblocker = new Reblocker(options.blockSamples * options.channels * 2);
    this.#gain = options.gain;
  }

  push(samples: Buffer): void {
    const louder = this.#gain === 1 ? samples : amplify(samples, this.#gain);
    for (const block of this.#reblocker.push(louder)) this.#ready.push(bufferOf(block));
  }

  /** The next full block, or undefined. */
  take(): Buffer | undefined {
    return this.#ready.shift();
  }

  /** What is left, filled up with silence to a full block; undefined when nothing is left. */
  takeLast(): Buffer | undefined {
    const last = this.#reblocker.flush();
    return last && bufferOf(last);
  }
}

function amplify(samples: Buffer, gain: number): Buffer {
  const result = Buffer.alloc(samples.length);
  for (let at = 0; at + 1 < samples.length; at += 2) {
    const value = Math.round(samples.readInt16LE(at) * gain);
    result.writeInt16LE(Math.max(-32_768, Math.min(32_767, value)), at);
  }
  return result;
}
