import type { Clock } from "../util/clock.ts";

/** How late a camera's pictures are when they reach the hub, by the camera's own clock. */
export type CaptureDelay =
  /** Its clock agrees with the hub's: from the moment at which it took a picture until the whole picture was here. */
  | { readonly by: "camera-clock"; readonly ms: number }
  /**
   * Its clock is set wrong by about `offByMs` (positive: it is behind), so how late a picture is cannot be told; only how much
   * later it comes now than at the best of the last minute.
   */
  | { readonly by: "wrong-clock"; readonly offByMs: number; readonly overBestMs: number };

/** Options of {@link CaptureDelayMeter}. */
export interface CaptureDelayOptions {
  readonly clock: Pick<Clock, "nowUs" | "wallMs">;
  /** It became known, or differs by so much that a person would notice. */
  readonly onChange?: () => void;
}

/** No live picture is underway for longer: a greater difference is the clock's. */
const believableMs = 5000;
/** A picture that was taken after it came: so much is the tolerance of two clocks that are kept by NTP. */
const toleranceMs = 50;
/** The best of a minute, kept in slices, so that a wrong one is forgotten. */
const slice = { ms: 10_000, count: 6 };
const recentFrames = 32;
const lookEveryMs = 2000;

/**
 * Learns, picture by picture, how late a camera's pictures are. A clock that is set wrong is no delay: it is told by the least
 * difference of the last minute, which may neither lie in the future nor be longer than any live picture is underway.
 */
export class CaptureDelayMeter {
  /** The least difference of each slice, the newest at the end. */
  #least: number[] = [];
  #sliceUs = Number.NEGATIVE_INFINITY;
  readonly #recent: number[] = [];
  #next = 0;
  #lookedUs = Number.NEGATIVE_INFINITY;
  #told: CaptureDelay | undefined;
  readonly #options: CaptureDelayOptions;

  constructor(options: CaptureDelayOptions) {
    this.#options = options;
  }

  /** Undefined as long as the camera has not said when it took its pictures. */
  get now(): CaptureDelay | undefined {
    if (this.#recent.length === 0) return undefined;
    const leastMs = Math.min(...this.#least);
    const ms = median(this.#recent);
    if (leastMs < -toleranceMs || leastMs > believableMs)
      return { by: "wrong-clock", offByMs: Math.round(leastMs), overBestMs: Math.max(0, Math.round(ms - leastMs)) };
    return { by: "camera-clock", ms: Math.max(0, Math.round(ms)) };
  }

  /** A picture is here that was taken at `capturedMs` of the camera's wall clock; undefined where that is not known any more. */
  frame(capturedMs: number | undefined): void {
    if (capturedMs === undefined) {
      if (this.#recent.length === 0) return;
      this.reset();
      this.#options.onChange?.();
      return;
    }
    const { clock } = this.#options;
    const nowUs = clock.nowUs();
    const differenceMs = clock.wallMs() - capturedMs;
    if (nowUs - this.#sliceUs >= slice.ms * 1000) {
      this.#sliceUs = nowUs;
      this.#least = [...this.#least.slice(1 - slice.count), differenceMs];
    } else this.#least.push(Math.min(this.#least.pop() ?? differenceMs, differenceMs));
    this.#recent[this.#next] = differenceMs;
    this.#next = (this.#next + 1) % recentFrames;
    if (nowUs - this.#lookedUs < lookEveryMs * 1000 && this.#told) return;
    this.#lookedUs = nowUs;
    this.#tell();
  }

  /** The source is gone: what comes next is another clock's, or the same one's set anew. */
  reset(): void {
    this.#least = [];
    this.#sliceUs = Number.NEGATIVE_INFINITY;
    this.#recent.length = 0;
    this.#next = 0;
    this.#told = undefined;
  }

  #tell(): void {
    const now = this.now;
    if (!now || (this.#told && !differs(this.#told, now))) return;
    this.#told = now;
    this.#options.onChange?.();
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** By more than a person takes for the same. */
function differs(before: CaptureDelay, now: CaptureDelay): boolean {
  if (before.by === "camera-clock")
    return now.by !== "camera-clock" || Math.abs(now.ms - before.ms) > Math.max(25, before.ms / 5);
  if (now.by !== "wrong-clock") return true;
  const moved = (a: number, b: number, least: number) => Math.abs(a - b) > Math.max(least, Math.abs(a) / 5);
  return moved(before.offByMs, now.offByMs, 1000) || moved(before.overBestMs, now.overBestMs, 50);
}
