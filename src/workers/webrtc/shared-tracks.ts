import type { Frame } from "../../media/frame.ts";
import { readFromGroup } from "../../media/group-reader.ts";
import type { Reader } from "../../media/reader.ts";
import type { Track } from "../../media/track.ts";
import { Counted } from "../../util/counted.ts";
import type { Log } from "../../util/log.ts";
import type { ToChild } from "./messages.ts";

/** Options of {@link SharedTracks}. */
export interface SharedTracksOptions {
  /** Sends to the worker; `onSent` is called when the message has left. */
  readonly post: (message: ToChild, onSent?: () => void) => void;
  /** Warned, at most once a second for each track, when frames are lost on their way to the worker. */
  readonly log: Log;
}

/** A viewer's share of a track that the worker is given; giving ends with the last share. */
export interface TrackShare extends Disposable {
  readonly id: number;
}

interface Shared {
  readonly id: number;
  readonly reader: Reader;
  bytesUnderway: number;
}

const maxBytesUnderway = 8 * 1024 * 1024;

/** Gives the worker the frames of each watched track once, however many viewers it has. */
export class SharedTracks {
  readonly #shared = new Counted<Track, Shared>({
    open: (track) => this.#begin(track),
    close: (shared) => this.#end(shared),
  });
  #lastId = 0;
  readonly #options: SharedTracksOptions;

  constructor(options: SharedTracksOptions) {
    this.#options = options;
  }

  /** Tracks that the worker is given now. */
  get size(): number {
    return this.#shared.size;
  }

  /** A share of the track; the worker is given it from the first share on. */
  share(track: Track): TrackShare {
    const share = this.#shared.share(track);
    return { id: share.thing.id, [Symbol.dispose]: () => share[Symbol.dispose]() };
  }

  /** The worker is gone: nothing is given to it any more; shares that are still held no longer matter. */
  reset(): void {
    this.#shared.reset(({ reader }) => reader[Symbol.dispose]());
  }

  #begin(track: Track): Shared {
    const id = ++this.#lastId;
    const { reader, group, latencyUs } = readFromGroup(track, {
      pump: () => this.#pump(shared),
      onLagged: (counters) => {
        this.#options.log.warn(
          { track: track.id, ...counters },
          "frames for the webrtc worker are lost: their queue is full",
        );
      },
    });
    const shared: Shared = { id, reader, bytesUnderway: 0 };
    this.#options.post({ type: "track", track: id, codec: track.format.codec, latencyUs });
    for (const frame of group) this.#post(shared, { frame, replay: true });
    return shared;
  }

  #end(shared: Shared): void {
    shared.reader[Symbol.dispose]();
    this.#options.post({ type: "track-end", track: shared.id });
  }

  /** When the pipe is full, frames wait in the reader, which drops by its own rules. */
  #pump(shared: Shared): void {
    while (shared.bytesUnderway < maxBytesUnderway) {
      const frame = shared.reader.take();
      if (!frame) return;
      this.#post(shared, { frame, replay: false });
    }
  }

  #post(shared: Shared, what: { readonly frame: Frame; readonly replay: boolean }): void {
    const { data, timestampUs, key } = what.frame;
    shared.bytesUnderway += data.length;
    this.#options.post({ type: "frame", track: shared.id, data, timestampUs, key, replay: what.replay }, () => {
      const wasFull = shared.bytesUnderway >= maxBytesUnderway;
      shared.bytesUnderway -= data.length;
      if (wasFull) this.#pump(shared);
    });
  }
}
