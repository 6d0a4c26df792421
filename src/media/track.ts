import type { Clock } from "../util/clock.ts";
import { Listeners } from "../util/listeners.ts";
import { type CaptureDelay, CaptureDelayMeter } from "./capture-delay.ts";
import { type Format, isCompatible } from "./format.ts";
import type { Frame } from "./frame.ts";
import { frameMemory } from "./frame-memory.ts";
import { type DropReason, Reader, type ReaderOptions } from "./reader.ts";

/** Bounds of the group of pictures that a track keeps for viewers to come. */
export interface GopBounds {
  readonly maxBytes: number;
  readonly maxMs: number;
}

/** 16 MiB and 20 s. */
export const defaultGopBounds: GopBounds = { maxBytes: 16 * 1024 * 1024, maxMs: 20_000 };

/** So much of a group is shown in a burst that nobody sees; more is decoded for nothing. */
const longGroupUs = 4_000_000;

/** Options of {@link Track}. */
export interface TrackOptions {
  /** Unique within the hub, e.g. `front-door/main/video`. */
  readonly id: string;
  readonly clock: Clock;
  readonly gop?: GopBounds;
  /** Called when the number of readers goes from none to one and from one to none. */
  readonly onDemand?: (wanted: boolean) => void;
  /** How late its frames are is known, or differs notably. */
  readonly onDelay?: () => void;
  /** What a listener threw; an unforeseen error of the process by default. Neither the writer nor other listeners see it. */
  readonly onError?: (error: unknown) => void;
}

function unforeseen(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** Where a new reader begins: with the last group of pictures (at once), or with the next key frame. */
export type ReadStart = "gop" | "live";

/** Monotonic counters of what was written. */
export interface TrackCounters {
  frames: number;
  keyFrames: number;
  bytes: number;
}

/**
 * One elementary stream with any number of readers. `write` is synchronous and never waits. The track outlives its
 * source: when a camera returns after a reboot, its driver goes on writing to the same track and readers go on reading.
 */
export class Track {
  readonly id: string;
  /** True when its source has announced nothing beside it: neither sound to a picture, nor the other way round. */
  alone = false;
  /** Asks its source for a key frame, where that can be asked. */
  onKeyFrameWanted: (() => void) | undefined;
  readonly counters: TrackCounters = { frames: 0, keyFrames: 0, bytes: 0 };
  /** Frames that its readers, past and present, lost, by reason; monotonic. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  readonly #dropped = { droppedSlow: 0, droppedWaitingKey: 0, droppedOldAudio: 0 };
  #format: Format;
  #formatVersion = 0;
  #readers = new Set<Reader>();
  #gop: Frame[] = [];
  #gopBytes = 0;
  /** Somebody may hold frames of the group that is kept. */
  #lent = false;
  #lastPicture: Frame | undefined;
  #open = true;
  #lastFrameUs: number | undefined;
  readonly #delay: CaptureDelayMeter;
  readonly #listeners: Listeners<void>;
  readonly #options: TrackOptions;

  constructor(format: Format, options: TrackOptions) {
    this.id = options.id;
    this.dropped = this.#dropped;
    this.#format = format;
    this.#options = options;
    const { clock, onDelay } = options;
    this.#delay = new CaptureDelayMeter({ clock, ...(onDelay && { onChange: onDelay }) });
    this.#listeners = new Listeners(options.onError ?? unforeseen);
  }

  get format(): Format {
    return this.#format;
  }

  /** Grows by one whenever the format's details (parameter sets, size) change. */
  get formatVersion(): number {
    return this.#formatVersion;
  }

  get open(): boolean {
    return this.#open;
  }

  get readerCount(): number {
    return this.#readers.size;
  }

  /** When the last frame was written (hub clock, µs); undefined before the first. */
  get lastFrameUs(): number | undefined {
    return this.#lastFrameUs;
  }

  /** How late its frames come, where their source says when they were taken. */
  get delay(): CaptureDelay | undefined {
    return this.#delay.now;
  }

  /** Bytes held for viewers to come. */
  get gopBytes(): number {
    return this.#gopBytes;
  }

  /** The key frame of the group kept at the moment, for snapshots. Who asks may hold it: the group's memory is not used again. */
  get lastKeyFrame(): Frame | undefined {
    this.#lent = true;
    return this.#gop[0];
  }

  /** The last key frame that came, also when it can begin nothing any more, until it is forgotten; held as {@link lastKeyFrame}. */
  get lastPicture(): Frame | undefined {
    this.#lent = true;
    return this.#lastPicture;
  }

  /** Gives up the last picture, unless it is the beginning of what is kept for viewers to come. */
  forgetPicture(): void {
    if (this.#gop.length === 0) this.#lastPicture = undefined;
  }

  /** Calls `listener` when the format changes or the track closes. */
  onChange(listener: () => void): Disposable {
    return this.#listeners.add(listener);
  }

  /** Replaces the details of the format. Throws TypeError when readers could not go on with it. */
  updateFormat(format: Format): void {
    if (!isCompatible(this.#format, format)) throw new TypeError(`track ${this.id}: format cannot change its codec`);
    this.#format = format;
    this.#formatVersion++;
    this.#listeners.emit();
  }

  /** Gives one frame to every reader and keeps it for those to come. */
  write(frame: Frame): void {
    if (!this.#open) return;
    this.#lastFrameUs = this.#options.clock.nowUs();
    this.counters.frames++;
    this.counters.bytes += frame.data.length;
    this.#delay.frame(frame.capturedMs);
    if (this.#format.kind === "video") this.#keep(frame);
    for (const reader of this.#readers) reader.offer(frame);
  }

  /** The source has a gap (it reconnected): the kept group is void and readers wait for a key frame. */
  interrupt(): void {
    this.#drop();
    this.#delay.reset();
    for (const reader of this.#readers) reader.resync();
  }

  /**
   * A decoder has nothing to begin with, or has to take a long group of pictures first: asks the source for a key frame.
   * Of a shorter group nothing is asked, for a key frame costs everybody who watches.
   */
  wantKeyFrame(): void {
    const [first] = this.#gop;
    const newest = this.#gop.at(-1);
    const long = first && newest && newest.timestampUs - first.timestampUs > longGroupUs;
    const waits = !first && this.#lastFrameUs !== undefined;
    if (waits || long) this.onKeyFrameWanted?.();
  }

  /** A new reader. Its owner disposes it. A closed track gives a closed reader. */
  read(options: ReaderOptions & { readonly start?: ReadStart } = {}): Reader {
    const reader = new Reader(options, {
      format: this.#format,
      clock: this.#options.clock,
      dropped: this.#dropped,
      onClose: (closed) => this.#remove(closed),
    });
    if (!this.#open) {
      reader.close();
      return reader;
    }
    this.#readers.add(reader);
    if (!options.borrows) this.#lent = true;
    if (this.#readers.size === 1) this.#options.onDemand?.(true);
    if (options.start !== "live" && (this.#readers.size === 1 || this.#gop.length === 0)) this.wantKeyFrame();
    if (options.start !== "live") for (const frame of this.#gop) reader.offer(frame);
    return reader;
  }

  /** Ends the track and all its readers. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const reader of [...this.#readers]) reader.close();
    this.#lastPicture = undefined;
    this.#drop();
    this.#listeners.emit();
  }

  #remove(reader: Reader): void {
    this.#lent ||= reader.mayHold;
    if (this.#readers.delete(reader) && this.#readers.size === 0) this.#options.onDemand?.(false);
  }

  #keep(frame: Frame): void {
    const bounds = this.#options.gop ?? defaultGopBounds;
    if (frame.key) {
      this.counters.keyFrames++;
      this.#lastPicture = frame;
      this.#drop();
    } else if (this.#gop.length === 0) return;
    this.#gop.push(frame);
    frameMemory.keep(frame.data, this);
    this.#gopBytes += frame.data.length;
    const first = this.#gop[0];
    const tooLong = first !== undefined && frame.timestampUs - first.timestampUs > bounds.maxMs * 1000;
    if (this.#gopBytes > bounds.maxBytes || tooLong) this.#drop(frame);
  }

  /**
   * Gives up the group that is kept, and the memory of its frames if nobody was handed them who may hold them still. Not that of
   * the frame which is `coming`: readers are offered it next.
   */
  #drop(coming?: Frame): void {
    const mayHold = this.#readers.values().some((reader) => reader.mayHold);
    if (!this.#lent && !mayHold) {
      for (const frame of this.#gop)
        if (frame !== this.#lastPicture && frame !== coming) frameMemory.giveBack(frame.data);
    }
    this.#gop = [];
    this.#gopBytes = 0;
    this.#lent = mayHold;
  }
}
