import { opusFormat } from "../media/format.ts";
import type { Reader } from "../media/reader.ts";
import { Track } from "../media/track.ts";
import type { Clock } from "../util/clock.ts";

/** Of live sound the newest only. */
const maxFrames = 25;
const frameUs = 20_000;

/**
 * What one party of a call hears, as Opus: one track from beginning to end, whoever speaks in it, so that nothing has to
 * be connected anew when somebody answers or joins.
 */
export class CallEar implements Disposable {
  readonly track: Track;
  #source: Track | undefined;
  #reader: Reader | undefined;
  #lastUs = 0;
  #onSound: (() => void) | undefined;

  constructor({ id, clock }: { readonly id: string; readonly clock: Clock }) {
    this.track = new Track(opusFormat, { id, clock, onDemand: (wanted) => (wanted ? this.#listen() : this.#rest()) });
  }

  /** Hears this from now on; nothing when undefined. It is Opus already. */
  hear(source: Track | undefined): void {
    if (this.#source === source) return;
    this.#rest();
    this.#source = source;
    if (this.track.readerCount > 0) this.#listen();
  }

  /** Calls `listener` with the next sound, once. */
  onceSound(listener: () => void): void {
    this.#onSound = listener;
  }

  [Symbol.dispose](): void {
    this.hear(undefined);
    this.track.close();
  }

  #listen(): void {
    const source = this.#source;
    if (!source || this.#reader) return;
    const reader = source.read({ start: "live", maxFrames, onReady: () => this.#pass(reader) });
    this.#reader = reader;
  }

  #rest(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.[Symbol.dispose]();
  }

  /** Time goes on, whoever speaks: two of them in a row never share a moment. */
  #pass(reader: Reader): void {
    for (let frame = reader.take(); frame; frame = reader.take()) {
      const { durationUs = frameUs } = frame;
      this.#lastUs = Math.max(this.#lastUs + Math.min(durationUs, frameUs / 2), frame.timestampUs);
      this.track.write({ ...frame, timestampUs: this.#lastUs, key: true });
      const onSound = this.#onSound;
      this.#onSound = undefined;
      onSound?.();
    }
  }
}
