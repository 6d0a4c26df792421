import type { Clock } from "../../util/clock.ts";
import type { Answer } from "./station.ts";

interface Opening {
  readonly waiting: ((answer: Answer) => void)[];
  answer: Answer | undefined;
  untilUs: number;
}

/** So many locks are remembered. */
const maxOpenings = 256;

/** Wishes to open one lock, of which those that come while it opens, or stands open, are one. */
export class Openings {
  readonly #openings = new Map<string, Opening>();
  readonly #options: { readonly clock: Clock; readonly openingMs: number };

  constructor(options: { readonly clock: Clock; readonly openingMs: number }) {
    this.#options = options;
  }

  /** Calls `open` unless the same lock opens already; `onAnswer` gets the one answer. */
  ask(
    lock: string,
    how: { readonly open: (onAnswer: (answer: Answer) => void) => void; readonly onAnswer: (answer: Answer) => void },
  ): void {
    const { clock, openingMs } = this.#options;
    const before = this.#openings.get(lock);
    if (before && !before.answer) {
      before.waiting.push(how.onAnswer);
      return;
    }
    if (before?.answer?.status === "ok" && clock.nowUs() < before.untilUs) {
      how.onAnswer(before.answer);
      return;
    }
    const opening: Opening = { waiting: [how.onAnswer], answer: undefined, untilUs: 0 };
    this.#openings.delete(lock);
    this.#openings.set(lock, opening);
    const [oldest] = this.#openings.keys();
    if (this.#openings.size > maxOpenings && oldest !== undefined) this.#openings.delete(oldest);
    how.open((answer) => {
      opening.answer = answer;
      opening.untilUs = clock.nowUs() + openingMs * 1000;
      for (const tell of opening.waiting.splice(0)) tell(answer);
    });
  }
}
