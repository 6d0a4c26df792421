import type { MessageBus } from "./bus.ts";

/**
 * What the broker keeps for us: said when it changes, all of it again on {@link sayAll}, and emptied when it is no more. What
 * could not be emptied while nobody was connected is emptied then.
 */
export class KeptMessages {
  readonly #said = new Map<string, string>();
  readonly #bus: MessageBus;

  constructor(bus: MessageBus) {
    this.#bus = bus;
  }

  /** Says what is new, and empties what was there and is not among `wanted` any more. */
  follow(wanted: ReadonlyMap<string, string>): void {
    for (const topic of this.#said.keys()) if (!wanted.has(topic)) this.empty(topic);
    for (const [topic, payload] of wanted) this.say(topic, payload);
  }

  /** Says one, if it is new. */
  say(topic: string, payload: string): void {
    if (this.#said.get(topic) === payload) return;
    this.#said.set(topic, payload);
    this.repeat(topic);
  }

  /** Empties one, also one that was said in another life. */
  empty(topic: string): void {
    this.#said.set(topic, "");
    this.repeat(topic);
  }

  /** Says one again although it did not change: whoever asked for something else is told how it stands. */
  repeat(topic: string): void {
    const payload = this.#said.get(topic);
    if (payload === undefined) return;
    const said = this.#bus.publish(topic, payload, { retain: true });
    if (said && payload === "") this.#said.delete(topic);
  }

  /** Says all again that fits. */
  sayAll(fits: (topic: string) => boolean): void {
    for (const topic of [...this.#said.keys()].filter(fits)) this.repeat(topic);
  }
}
