/**
 * Mono samples at another rate, by cubic interpolation (Catmull-Rom): good enough for speech that goes up to the rate of a
 * mix, and next to free. Pieces of any length; each gives what is certain so far, two samples later.
 */
export class Resampler {
  readonly #step: number;
  /** The last samples of the pieces before. */
  #tail = new Int16Array(3);
  /** Where the next output lies, in samples of the input after the tail's second. */
  #at = 0;

  constructor(options: { readonly fromHz: number; readonly toHz: number }) {
    this.#step = options.fromHz / options.toHz;
  }

  push(samples: Int16Array): Int16Array {
    if (this.#step === 1) return samples;
    const all = new Int16Array(this.#tail.length + samples.length);
    all.set(this.#tail);
    all.set(samples, this.#tail.length);
    // The last place with two samples behind it.
    const end = all.length - 3;
    const count = Math.max(0, Math.ceil((end - this.#at) / this.#step));
    const output = new Int16Array(count);
    for (let n = 0; n < count; n++) output[n] = cubic(all, this.#at + n * this.#step + 1);
    this.#at += count * this.#step - samples.length;
    this.#tail = all.slice(-3);
    return output;
  }
}

function cubic(samples: Int16Array, place: number): number {
  const at = Math.floor(place);
  const share = place - at;
  const a = samples[at - 1] ?? 0;
  const b = samples[at] ?? 0;
  const c = samples[at + 1] ?? 0;
  const d = samples[at + 2] ?? 0;
  const value = b + 0.5 * share * (c - a + share * (2 * a - 5 * b + 4 * c - d + share * (3 * (b - c) + d - a)));
  return Math.max(-32_768, Math.min(32_767, Math.round(value)));
}

/** One channel out of several: their mean. */
export function downmix(samples: Int16Array, channels: number): Int16Array {
  if (channels === 1) return samples;
  const output = new Int16Array(Math.floor(samples.length / channels));
  for (let n = 0; n < output.length; n++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += samples[n * channels + channel] ?? 0;
    output[n] = Math.round(sum / channels);
  }
  return output;
}
