import type { Clock } from "../util/clock.ts";
import type { Format } from "./format.ts";
import type { Frame } from "./frame.ts";

/** What a reader lost and why; monotonic counters. */
export interface ReaderCounters {
  /** Frames handed to the reader's owner. */
  delivered: number;
  /** Video frames dropped because the queue was full (then up to the next key frame). */
  droppedSlow: number;
  /** Video frames passed over while waiting for a key frame. */
  droppedWaitingKey: number;
  /** Sound frames dropped because they were the oldest of a full queue. */
  droppedOldAudio: number;
  /** How often the queue overflowed. */
  lagged: number;
}

/** Options of {@link Reader}. */
export interface ReaderOptions {
  /** Bounds of the queue. */
  readonly maxFrames?: number;
  readonly maxBytes?: number;
  /** Its owner copies each frame in the very moment in which it takes it, and holds none of them or their bytes. */
  readonly borrows?: boolean;
  /** Called, inside `write`, whenever the queue was empty and no longer is. Must not throw and must return at once. */
  readonly onReady?: () => void;
  /** Called, inside `write`, at most once a second while frames are being lost; what was just lost is counted. */
  readonly onLagged?: (counters: Readonly<ReaderCounters>) => void;
}

/** Why frames do not reach a reader. */
export type DropReason = "droppedSlow" | "droppedWaitingKey" | "droppedOldAudio";

/** Frames that may wait by default: of video more than the 20 s that a track keeps at 60 a second, of sound 2 s. */
export const defaultMaxFrames = { video: 1500, audio: 100 } as const;

interface ReaderDeps {
  readonly format: Format;
  readonly clock: Clock;
  /** What all readers of the track lost, the closed ones too. */
  readonly dropped: Record<DropReason, number>;
  readonly onClose: (reader: Reader) => void;
}

/**
 * Takes frames from one track through a bounded queue of its own. The writer never waits: a full queue drops video up
 * to the next key frame, or the oldest sound. Made by `Track.read`; whoever asked for it owns it and disposes it.
 * Pull with `take` (synchronous), `next`, or `for await`.
 */
export class Reader implements Disposable, AsyncIterable<Frame> {
  readonly counters: ReaderCounters = {
    delivered: 0,
    droppedSlow: 0,
    droppedWaitingKey: 0,
    droppedOldAudio: 0,
    lagged: 0,
  };
  #queue: Frame[] = [];
  #head = 0;
  #bytes = 0;
  #needKey: boolean;
  #open = true;
  #wake: (() => void) | undefined;
  #lastLaggedUs = Number.NEGATIVE_INFINITY;
  readonly #options: ReaderOptions;
  readonly #deps: ReaderDeps;
  readonly #maxFrames: number;
  readonly #maxBytes: number;

  constructor(options: ReaderOptions, deps: ReaderDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#needKey = deps.format.kind === "video";
    this.#maxFrames = options.maxFrames ?? defaultMaxFrames[deps.format.kind];
    this.#maxBytes = options.maxBytes ?? 16 * 1024 * 1024;
  }

  /** Frames waiting to be taken. */
  get queued(): number {
    return this.#queue.length - this.#head;
  }

  /** What it was given may be held by its owner. */
  get mayHold(): boolean {
    return this.#options.borrows !== true || this.queued > 0;
  }

  /** False once the reader or its track was closed; queued frames can still be taken. */
  get open(): boolean {
    return this.#open;
  }

  /** True while the reader passes over video until a key frame comes. */
  get waitingForKey(): boolean {
    return this.#needKey;
  }

  /** The oldest queued frame, or undefined when there is none at the moment. */
  take(): Frame | undefined {
    const frame = this.#queue[this.#head];
    if (!frame) return undefined;
    this.#head++;
    this.#bytes -= frame.data.length;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 64) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    this.counters.delivered++;
    return frame;
  }

  /** The next frame; undefined when the reader is closed and empty. One caller at a time. */
  async next(signal?: AbortSignal): Promise<Frame | undefined> {
    for (;;) {
      const frame = this.take();
      if (frame || !this.#open) return frame;
      signal?.throwIfAborted();
      await this.#changed(signal);
      signal?.throwIfAborted();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame, void, void> {
    for (let frame = await this.next(); frame; frame = await this.next()) yield frame;
  }

  /** Track only: offers a frame. */
  offer(frame: Frame): void {
    if (!this.#open) return;
    if (this.#needKey) {
      if (!frame.key) {
        this.#drop("droppedWaitingKey", 1);
        return;
      }
      this.#needKey = false;
    }
    if (this.queued >= this.#maxFrames || this.#bytes + frame.data.length > this.#maxBytes) {
      const hasRoom = this.#makeRoom(frame);
      this.#reportLag();
      if (!hasRoom) return;
    }
    const wasEmpty = this.queued === 0;
    this.#queue.push(frame);
    this.#bytes += frame.data.length;
    if (wasEmpty) this.#notify();
  }

  /** Waits for a key frame: the writer's stream has a gap. What is queued is still whole. */
  resync(): void {
    this.#needKey = this.#deps.format.kind === "video";
  }

  /** Ends the reader; what is queued can still be taken. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#deps.onClose(this);
    this.#notify();
  }

  [Symbol.dispose](): void {
    this.close();
    this.#clear();
  }

  #makeRoom(frame: Frame): boolean {
    this.counters.lagged++;
    if (this.#deps.format.kind === "audio") {
      while (this.queued > 0 && (this.queued >= this.#maxFrames || this.#bytes + frame.data.length > this.#maxBytes)) {
        this.take();
        this.counters.delivered--;
        this.#drop("droppedOldAudio", 1);
      }
      return true;
    }
    this.#drop("droppedSlow", this.queued);
    this.#clear();
    if (frame.key) return true;
    this.#drop("droppedSlow", 1);
    this.#needKey = true;
    return false;
  }

  #drop(reason: DropReason, frames: number): void {
    this.counters[reason] += frames;
    this.#deps.dropped[reason] += frames;
  }

  #clear(): void {
    this.#queue = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  #reportLag(): void {
    const nowUs = this.#deps.clock.nowUs();
    if (nowUs - this.#lastLaggedUs < 1_000_000) return;
    this.#lastLaggedUs = nowUs;
    this.#options.onLagged?.(this.counters);
  }

  #notify(): void {
    this.#options.onReady?.();
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #changed(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal?.removeEventListener("abort", done);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = done;
      signal?.addEventListener("abort", done, { once: true });
    });
  }
}
