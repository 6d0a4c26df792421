import { doorLimits } from "../../protocols/door/limits.ts";
import type { Clock } from "../../util/clock.ts";

/** How a station answers a command. */
export interface DoorAnswer {
  readonly status: "ok" | "error";
  readonly payload: Readonly<Record<string, unknown>>;
}

const mostKept = 200;

/**
 * What a station answered: a command that comes again under the same id is not carried out again. Kept for as long as the hub
 * itself keeps its answers.
 */
export class GivenAnswers {
  readonly #answers = new Map<string, { readonly atUs: number; readonly answer: Promise<DoorAnswer> }>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The answer to a command: that of before, or what `run` gives now. */
  async to(commandId: string, run: () => Promise<DoorAnswer>): Promise<DoorAnswer> {
    this.#forget();
    const known = this.#answers.get(commandId);
    if (known) return known.answer;
    const answer = run();
    this.#answers.set(commandId, { atUs: this.#clock.nowUs(), answer });
    return answer;
  }

  #forget(): void {
    const oldestUs = this.#clock.nowUs() - doorLimits.answerKeptMs.value * 1000;
    for (const [id, { atUs }] of this.#answers) {
      if (atUs >= oldestUs && this.#answers.size < mostKept) return;
      this.#answers.delete(id);
    }
  }
}
