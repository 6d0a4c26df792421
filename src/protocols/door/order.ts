import type { DoorSound } from "./binary.ts";

/** What comes out of {@link SoundOrder}: a frame in its turn, and how many were lost before it. */
export interface OrderedSound {
  readonly sound: DoorSound;
  readonly lostBefore: number;
}

/** Frames that wait for one which is missing; then it is lost. */
const maxWaiting = 3;
/** A step further than this is a new beginning, not a loss. */
const jump = 100;

/** Puts the frames of one stream in order by their `sequence`, and drops what came twice. Pure. */
export class SoundOrder {
  readonly counters = { duplicate: 0, lost: 0 };
  #next: number | undefined;
  #waiting: DoorSound[] = [];

  /** A frame came; gives what can be played now. One without a sequence (below 0) passes at once. */
  push(sound: DoorSound): readonly OrderedSound[] {
    const { sequence } = sound;
    if (sequence < 0) return [{ sound, lostBefore: 0 }];
    if (this.#next === undefined || Math.abs(sequence - this.#next) > jump)
      return [...this.#flush(), ...this.#begin(sound)];
    if (sequence < this.#next || this.#waiting.some((other) => other.sequence === sequence)) {
      this.counters.duplicate++;
      return [];
    }
    this.#waiting.push(sound);
    this.#waiting.sort((one, other) => one.sequence - other.sequence);
    const ready = this.#take(0);
    const [first] = this.#waiting;
    if (!first || this.#waiting.length < maxWaiting) return ready;
    const lost = first.sequence - this.#next;
    this.#next = first.sequence;
    return [...ready, ...this.#take(lost)];
  }

  #begin(sound: DoorSound): readonly OrderedSound[] {
    this.#next = sound.sequence + 1;
    return [{ sound, lostBefore: 0 }];
  }

  /** All that waits, with gaps: a new beginning ends what was before. */
  #flush(): readonly OrderedSound[] {
    const ready: OrderedSound[] = [];
    for (const sound of this.#waiting) {
      const lostBefore = sound.sequence - (this.#next ?? sound.sequence);
      this.counters.lost += lostBefore;
      ready.push({ sound, lostBefore });
      this.#next = sound.sequence + 1;
    }
    this.#waiting = [];
    return ready;
  }

  #take(lost: number): OrderedSound[] {
    this.counters.lost += lost;
    const ready: OrderedSound[] = [];
    for (let first = this.#waiting[0]; first && first.sequence === this.#next; first = this.#waiting[0]) {
      this.#waiting.shift();
      ready.push({ sound: first, lostBefore: ready.length === 0 ? lost : 0 });
      this.#next++;
    }
    return ready;
  }
}
