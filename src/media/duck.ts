/** Options of {@link DuckGate}. */
export interface DuckOptions {
  /** The far end speaks from this level on, of full scale (root mean square); 0.01, -40 dB. */
  readonly openLevel?: number;
  /** ... until it is below this; 0.004, -48 dB. */
  readonly closeLevel?: number;
  /** How long the microphone stays lowered after that: as long as the far end's sound is on its way and in the room; 350 ms. */
  readonly holdMs?: number;
  /** What is left of the microphone meanwhile; 0.1, -20 dB. */
  readonly floor?: number;
}

/** A lowered microphone comes back in so many ms; lowered it is within a block. */
const releaseMs = 120;

/**
 * For stations that do not cancel the echo of their own loudspeaker: how loud their microphone is to be while the far end
 * speaks. Pure; one step for each block.
 */
export class DuckGate {
  #lowered = false;
  #quietMs = 0;
  #gain = 1;
  readonly #options: Required<DuckOptions>;

  constructor(options: DuckOptions = {}) {
    this.#options = { openLevel: 0.01, closeLevel: 0.004, holdMs: 350, floor: 0.1, ...options };
  }

  /** Gains at the beginning and at the end of the next block, given the far end's level in it. */
  next(farLevel: number, blockMs: number): { readonly from: number; readonly to: number } {
    const { openLevel, closeLevel, holdMs, floor } = this.#options;
    if (farLevel >= openLevel) this.#lowered = true;
    this.#quietMs = farLevel < closeLevel ? this.#quietMs + blockMs : 0;
    if (this.#quietMs > holdMs) this.#lowered = false;
    const from = this.#gain;
    this.#gain = this.#lowered ? floor : Math.min(1, from + ((1 - floor) * blockMs) / releaseMs);
    return { from, to: this.#gain };
  }
}
