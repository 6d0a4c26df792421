/** Options of {@link LevelGate}. Levels are of full scale (root mean square). */
export interface LevelGateOptions {
  /** Somebody speaks from this level on; 0.01, -40 dB. */
  readonly openLevel?: number;
  /** ... until it is below this; 0.005, -46 dB. */
  readonly closeLevel?: number;
  /** For how long it stays open after the last word; 400 ms. */
  readonly hangoverMs?: number;
}

/** So much louder than the noise behind it has to be what opens, and what keeps it open. */
const overNoise = { opens: 4, keeps: 2 } as const;
/** What never falls silent counts as noise in the end: the noise is taken for twice as loud each two seconds. */
const doublesMs = 2000;
const leastNoise = 0.001;

/**
 * Says in which blocks of sound somebody speaks: from the first loud one until a while after the last. Steady noise, however
 * loud, is no speech after some seconds: whoever listens by half duplex could never answer it. Pure; one step for each block.
 */
export class LevelGate {
  readonly #options: Required<LevelGateOptions>;
  #open = false;
  #quietMs = 0;
  #noise = leastNoise;

  constructor(options: LevelGateOptions = {}) {
    this.#options = { openLevel: 0.01, closeLevel: 0.005, hangoverMs: 400, ...options };
  }

  /** True when the next block, which is so loud, belongs to speech. */
  next(level: number, blockMs: number): boolean {
    const { openLevel, closeLevel, hangoverMs } = this.#options;
    const risen = Math.max(leastNoise, this.#noise) * 2 ** (blockMs / doublesMs);
    this.#noise = Math.max(leastNoise, Math.min(level, risen));
    if (level >= Math.max(openLevel, this.#noise * overNoise.opens)) this.#open = true;
    const speaks = level >= Math.max(closeLevel, this.#noise * overNoise.keeps);
    this.#quietMs = speaks ? 0 : this.#quietMs + blockMs;
    if (this.#quietMs > hangoverMs) this.#open = false;
    return this.#open;
  }

  /** It is closed, whatever is said at the moment. */
  close(): void {
    this.#open = false;
    this.#quietMs = 0;
  }
}
