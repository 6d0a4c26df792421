/** Somebody who has packets to send. */
export interface Sending {
  /** Sound goes before pictures. */
  readonly urgent: boolean;
  /**
   * Sends a small portion. Gives 0 when more is ready at once, a number of milliseconds after which more may be sent, or
   * undefined when there is nothing left: then `push` is needed again.
   */
  sendSome(): number | undefined;
}

const budgetMs = 2;

/**
 * Lets many senders take turns, and gives the event loop back after 2 ms, so that messages, handshakes and sound pass while
 * a key frame goes out to hundreds of viewers.
 */
export class FairSending {
  #urgent: Sending[] = [];
  #normal: Sending[] = [];
  #waiting = new Set<Sending>();
  #scheduled = false;

  /** Puts a sender in line, once. */
  push(sending: Sending): void {
    if (this.#waiting.has(sending)) return;
    this.#waiting.add(sending);
    this.#enqueue(sending);
  }

  /** Forgets a sender. */
  remove(sending: Sending): void {
    if (!this.#waiting.delete(sending)) return;
    this.#urgent = this.#urgent.filter((other) => other !== sending);
    this.#normal = this.#normal.filter((other) => other !== sending);
  }

  #enqueue(sending: Sending): void {
    (sending.urgent ? this.#urgent : this.#normal).push(sending);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    const untilMs = performance.now() + budgetMs;
    this.#scheduled = false;
    do {
      const round = this.#urgent.length > 0 ? this.#urgent : this.#normal;
      if (round.length === 0) return;
      if (round === this.#urgent) this.#urgent = [];
      else this.#normal = [];
      const left = this.#serve(round, untilMs);
      if (left.length > 0) {
        if (left[0]?.urgent) this.#urgent = [...left, ...this.#urgent];
        else this.#normal = [...left, ...this.#normal];
      }
    } while (performance.now() < untilMs);
    if (this.#scheduled || this.#urgent.length + this.#normal.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => this.#run());
  }

  /** One turn for each of a round, until the time is up; gives those who had none. */
  #serve(round: readonly Sending[], untilMs: number): readonly Sending[] {
    for (const [i, sending] of round.entries()) {
      if (performance.now() >= untilMs) return round.slice(i);
      this.#turn(sending);
    }
    return [];
  }

  #turn(sending: Sending): void {
    if (!this.#waiting.has(sending)) return;
    const delayMs = sending.sendSome();
    if (delayMs === undefined) this.#waiting.delete(sending);
    else if (delayMs === 0) this.#enqueue(sending);
    else setTimeout(() => this.#waiting.has(sending) && this.#enqueue(sending), delayMs);
  }
}
