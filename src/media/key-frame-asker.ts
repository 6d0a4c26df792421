import type { Clock } from "../util/clock.ts";

/** Options of {@link KeyFrameAsker}. */
export interface KeyFrameAskerOptions {
  readonly clock: Clock;
  /** Asks the camera, at once and for nothing, as RTCP does; false where it cannot be asked so. */
  readonly ask: () => boolean;
  /** Asks it in another way, which costs more; undefined where there is none. */
  readonly askElsewhere?: (() => void) | undefined;
}

const againMs = { first: 1000, most: 16_000 };
/** Most cameras send a key frame sooner than they can be asked by a request of its own. */
const elsewhereAfterMs = 500;

/**
 * Asks a camera for a key frame, not more often than sensible: once a second at most, and twice as long after each time
 * that none came of it, for a key frame costs everybody who watches. Disposed with the stream.
 */
export class KeyFrameAsker implements Disposable {
  #askedUs = Number.NEGATIVE_INFINITY;
  #againMs = againMs.first;
  #elsewhere: Disposable | undefined;
  #over = false;
  readonly #options: KeyFrameAskerOptions;

  constructor(options: KeyFrameAskerOptions) {
    this.#options = options;
  }

  /** Somebody needs one. */
  want(): void {
    // Tracks outlive a stream, and go on saying that somebody needs one.
    if (this.#over) return;
    const { clock, ask, askElsewhere } = this.#options;
    const nowUs = clock.nowUs();
    if (nowUs - this.#askedUs < this.#againMs * 1000) return;
    if (this.#askedUs !== Number.NEGATIVE_INFINITY) this.#againMs = Math.min(againMs.most, this.#againMs * 2);
    this.#askedUs = nowUs;
    if (ask() || !askElsewhere) return;
    this.#elsewhere ??= clock.timer(elsewhereAfterMs, () => {
      this.#elsewhere = undefined;
      askElsewhere();
    });
  }

  /** One came, asked for or not. */
  came(): void {
    this.#againMs = againMs.first;
    this.#elsewhere?.[Symbol.dispose]();
    this.#elsewhere = undefined;
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#elsewhere?.[Symbol.dispose]();
  }
}
