/** A picture that is older than this when it is sent belongs to the kept group: it is shown at once, if at all. */
const oldMs = 400;
/** So much later than at best pictures are shown at most, to show them evenly. */
const mostEvenMs = 200;
/** So much longer they wait for the sound at most. */
const mostForSoundMs = 600;
/** How fast what was learnt is forgotten, for each ms: clocks drift, and a network becomes better. */
const forgotten = { offset: 0.0002, delay: 0.02 };

/** When a picture was sent, and of what time it is; ms. */
export interface Sent {
  readonly timeMs: number;
  readonly ageMs: number;
}

/**
 * When decoded pictures are shown: evenly, though they are decoded unevenly, and in step with the sound. Times of pictures are the
 * hub's, `nowMs` is this page's; what lies between is learnt from the picture that took least.
 */
export class Playout {
  #offsetMs: number | undefined;
  #arrivedMs = 0;
  #leastMs: number | undefined;
  #mostMs = 0;
  #decodedMs = 0;
  #soundMs: number | undefined;

  /** A picture came. */
  arrived({ timeMs, ageMs }: Sent, nowMs: number): void {
    const sampleMs = nowMs - (timeMs + ageMs);
    const slackMs = (nowMs - this.#arrivedMs) * forgotten.offset;
    this.#offsetMs = Math.min(sampleMs, (this.#offsetMs ?? sampleMs) + slackMs);
    this.#arrivedMs = nowMs;
  }

  /** The sound that is heard now came to the hub so long ago; undefined where there is none or nothing is known of it. */
  heard(delayMs: number | undefined): void {
    this.#soundMs = delayMs;
  }

  /** A picture was decoded: how long it waits until it is shown. */
  waitMs({ timeMs, ageMs }: Sent, nowMs: number): number {
    if (ageMs > oldMs) return 0;
    const delayMs = this.sinceHub(timeMs, nowMs);
    const slackMs = (nowMs - this.#decodedMs) * forgotten.delay;
    this.#decodedMs = nowMs;
    this.#leastMs = Math.min(delayMs, (this.#leastMs ?? delayMs) + slackMs);
    this.#mostMs = Math.min(this.#leastMs + mostEvenMs, Math.max(delayMs, this.#mostMs - slackMs));
    return Math.max(0, this.delayMs - delayMs);
  }

  /** How long after its time at the hub a picture is shown. */
  get delayMs(): number {
    const laterMs = (this.#soundMs ?? 0) - this.#mostMs;
    return laterMs > 0 && laterMs <= mostForSoundMs ? this.#mostMs + laterMs : this.#mostMs;
  }

  /** How much later the sound would have to be heard to be in step, though no picture waits for it; negative: earlier. */
  get soundEarlyMs(): number {
    return this.#soundMs === undefined ? 0 : this.#mostMs - this.#soundMs;
  }

  /** How long ago something of this time was at the hub. */
  sinceHub(timeMs: number, nowMs: number): number {
    return nowMs - (this.#offsetMs ?? 0) - timeMs;
  }
}
