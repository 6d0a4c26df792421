import type { Clock } from "../util/clock.ts";

/** What came of opening a lock, as whoever opens it tells; `ok` is what wishes that follow soon are answered with, too. */
export interface OpeningAnswer {
  readonly status: "ok" | "error";
  readonly payload: Readonly<Record<string, unknown>>;
}

interface Opening {
  readonly waiting: ((answer: OpeningAnswer) => void)[];
  answer: OpeningAnswer | undefined;
  untilUs: number;
}

/** One wish to open a lock. */
export interface OpeningWish {
  /** Called unless the same lock opens already; calls back once. */
  readonly open: (onAnswer: (answer: OpeningAnswer) => void) => void;
  /** Gets the one answer of all who asked; `first` for whoever made it open. */
  readonly onAnswer: (answer: OpeningAnswer, how: { readonly first: boolean }) => void;
  /** How long it stands open; wishes of that time are the same one. */
  readonly openingMs: number;
}

/** So many locks are remembered. */
const maxOpenings = 256;

/** Wishes to open one lock, of which those that come while it opens, or stands open, are one: whatever way they came. */
export class Openings {
  readonly #openings = new Map<string, Opening>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Asks for `lock`, which is any text that is the same for the same lock. */
  ask(lock: string, { open, onAnswer, openingMs }: OpeningWish): void {
    const before = this.#openings.get(lock);
    const later = (answer: OpeningAnswer) => onAnswer(answer, { first: false });
    if (before && !before.answer) {
      before.waiting.push(later);
      return;
    }
    if (before?.answer?.status === "ok" && this.#clock.nowUs() < before.untilUs) {
      later(before.answer);
      return;
    }
    const opening: Opening = {
      waiting: [(answer) => onAnswer(answer, { first: true })],
      answer: undefined,
      untilUs: 0,
    };
    this.#openings.delete(lock);
    this.#openings.set(lock, opening);
    const [oldest] = this.#openings.keys();
    if (this.#openings.size > maxOpenings && oldest !== undefined) this.#openings.delete(oldest);
    open((answer) => {
      opening.answer = answer;
      opening.untilUs = this.#clock.nowUs() + openingMs * 1000;
      for (const tell of opening.waiting.splice(0)) tell(answer);
    });
  }
}
