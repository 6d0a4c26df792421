/** Collects interleaved 16-bit samples and cuts them into blocks of one size, multiplied by `gain` with saturation. */
export class Blocks {
  #parts: Buffer[] = [];
  #bytes = 0;
  readonly #blockBytes: number;
  readonly #gain: number;

  constructor(options: { readonly blockSamples: number; readonly channels: number; readonly gain: number }) {
    this.#blockBytes = options.blockSamples * options.channels * 2;
    this.#gain = options.gain;
  }

  /** Bytes waiting for their block to fill. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  push(samples: Buffer): void {
    if (samples.length === 0) return;
    this.#parts.push(this.#gain === 1 ? samples : amplify(samples, this.#gain));
    this.#bytes += samples.length;
  }

  /** The next full block, or undefined. */
  take(): Buffer | undefined {
    if (this.#bytes < this.#blockBytes) return undefined;
    const all = this.#parts.length === 1 && this.#parts[0] ? this.#parts[0] : Buffer.concat(this.#parts, this.#bytes);
    const rest = all.subarray(this.#blockBytes);
    this.#parts = rest.length > 0 ? [rest] : [];
    this.#bytes = rest.length;
    return all.subarray(0, this.#blockBytes);
  }

  /** What is left, filled up with silence to a full block; undefined when nothing is left. */
  takeLast(): Buffer | undefined {
    if (this.#bytes === 0) return undefined;
    this.#parts.push(Buffer.alloc(Math.max(0, this.#blockBytes - this.#bytes)));
    this.#bytes = Math.max(this.#bytes, this.#blockBytes);
    return this.take();
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
