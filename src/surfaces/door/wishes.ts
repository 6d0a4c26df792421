import { createHash } from "node:crypto";
import { doorLimits } from "../../protocols/door/limits.ts";
import type { Clock } from "../../util/clock.ts";
import type { Answer } from "./station.ts";

/** What a client asked for under one id. Something else under the same id is another wish. */
export interface Wish {
  /** Whose it is: the same over its reconnects. */
  readonly clientKey: string;
  readonly commandId: string;
  readonly command: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Which station it went to. */
  readonly stationId: string;
  answer: Answer | undefined;
  /** When it was answered, or else asked, µs. */
  atUs: number;
}

type WishKey = Pick<Wish, "clientKey" | "commandId" | "command" | "payload">;

/** So many wishes of one client may wait for an answer, and so many answers of all are kept. */
export const maxWaiting = 32;
const maxKept = 4096;

/** What clients asked for, so that a command which is repeated is answered and not carried out again. */
export class Wishes {
  readonly #wishes = new Map<string, Wish>();
  /** How many of each client wait for their answer. */
  readonly #waiting = new Map<string, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The same wish of before, while its answer is kept. */
  find(of: WishKey): Wish | undefined {
    const wish = this.#wishes.get(keyOf(of));
    return wish && this.#isFresh(wish) ? wish : undefined;
  }

  /** Notes a new one. Undefined when too many of this client wait. */
  add(of: Omit<Wish, "answer" | "atUs">): Wish | undefined {
    this.#forgetOld();
    const waiting = this.#waiting.get(of.clientKey) ?? 0;
    if (waiting >= maxWaiting) return undefined;
    this.#waiting.set(of.clientKey, waiting + 1);
    const wish: Wish = { ...of, answer: undefined, atUs: this.#clock.nowUs() };
    this.#wishes.delete(keyOf(of));
    this.#wishes.set(keyOf(of), wish);
    return wish;
  }

  /** It was answered. */
  answered(wish: Wish, answer: Answer): void {
    const waiting = (this.#waiting.get(wish.clientKey) ?? 1) - 1;
    if (waiting > 0) this.#waiting.set(wish.clientKey, waiting);
    else this.#waiting.delete(wish.clientKey);
    wish.answer = answer;
    wish.atUs = this.#clock.nowUs();
  }

  #isFresh({ answer, atUs }: Wish): boolean {
    return !answer || this.#clock.nowUs() - atUs < doorLimits.answerKeptMs.value * 1000;
  }

  #forgetOld(): void {
    if (this.#wishes.size < maxKept / 2) return;
    for (const [key, wish] of this.#wishes) {
      if (!this.#isFresh(wish) || (this.#wishes.size > maxKept && wish.answer)) this.#wishes.delete(key);
      else if (wish.answer) return; // those behind it are younger
    }
  }
}

function keyOf({ clientKey, commandId, command, payload }: WishKey): string {
  const digest = createHash("sha256").update(JSON.stringify(payload)).digest("base64");
  return JSON.stringify([clientKey, commandId, command, digest]);
}
