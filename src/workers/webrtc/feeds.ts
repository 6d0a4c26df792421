import type { Frame } from "../../media/frame.ts";
import type { Reader } from "../../media/reader.ts";
import type { Track } from "../../media/track.ts";
import type { Log } from "../../util/log.ts";
import type { ToChild } from "./messages.ts";

/** Options of {@link Feeds}. */
export interface FeedsOptions {
  /** Sends to the worker; `onSent` is called when the message has left. */
  readonly post: (message: ToChild, onSent?: () => void) => void;
  /** Is told, at most once a second and track, that frames are lost on their way to the worker. */
  readonly log: Log;
}

/** A viewer's share of a feed; the feed ends with its last share. */
export interface FeedShare extends Disposable {
  readonly stream: number;
}

interface Feed {
  readonly stream: number;
  readonly reader: Reader;
  shares: number;
  bytesUnderway: number;
}

const maxBytesUnderway = 8 * 1024 * 1024;

/** Gives the worker the frames of each watched track once, however many viewers it has. */
export class Feeds {
  #feeds = new Map<Track, Feed>();
  #lastStream = 0;
  readonly #options: FeedsOptions;

  constructor(options: FeedsOptions) {
    this.#options = options;
  }

  /** Tracks that are being fed. */
  get size(): number {
    return this.#feeds.size;
  }

  /** A share of the track's feed, which begins with the first. */
  share(track: Track): FeedShare {
    const feed = this.#feeds.get(track) ?? this.#begin(track);
    feed.shares++;
    const held = new DisposableStack();
    held.defer(() => {
      feed.shares--;
      if (feed.shares === 0 && this.#feeds.get(track) === feed) this.#end(track, feed);
    });
    return { stream: feed.stream, [Symbol.dispose]: () => held.dispose() };
  }

  /** The worker is gone: all feeds end; shares that are still held no longer matter. */
  reset(): void {
    for (const feed of this.#feeds.values()) feed.reader[Symbol.dispose]();
    this.#feeds.clear();
  }

  #begin(track: Track): Feed {
    const stream = ++this.#lastStream;
    let pumping = false;
    const reader = track.read({
      start: "gop",
      onLagged: (counters) => {
        this.#options.log.warn(
          { track: track.id, ...counters },
          "frames for the webrtc worker are lost: their queue is full",
        );
      },
      onReady: () => {
        if (pumping) return;
        pumping = true;
        // Not inside the writer's call: it must return at once.
        queueMicrotask(() => {
          pumping = false;
          this.#pump(feed);
        });
      },
    });
    const feed: Feed = { stream, reader, shares: 0, bytesUnderway: 0 };
    this.#feeds.set(track, feed);
    const group = takeAll(reader);
    const last = group.at(-1);
    const latencyUs = last && track.lastFrameUs !== undefined ? Math.max(0, track.lastFrameUs - last.timestampUs) : 0;
    this.#options.post({ type: "stream", stream, codec: track.format.codec, latencyUs });
    for (const frame of group) this.#post(feed, { frame, replay: true });
    return feed;
  }

  #end(track: Track, feed: Feed): void {
    this.#feeds.delete(track);
    feed.reader[Symbol.dispose]();
    this.#options.post({ type: "stream-end", stream: feed.stream });
  }

  /** When the pipe is full, frames wait in the reader, which drops by its own rules. */
  #pump(feed: Feed): void {
    while (feed.bytesUnderway < maxBytesUnderway) {
      const frame = feed.reader.take();
      if (!frame) return;
      this.#post(feed, { frame, replay: false });
    }
  }

  #post(feed: Feed, what: { readonly frame: Frame; readonly replay: boolean }): void {
    const { data, timestampUs, key } = what.frame;
    feed.bytesUnderway += data.length;
    this.#options.post({ type: "frame", stream: feed.stream, data, timestampUs, key, replay: what.replay }, () => {
      const wasFull = feed.bytesUnderway >= maxBytesUnderway;
      feed.bytesUnderway -= data.length;
      if (wasFull) this.#pump(feed);
    });
  }
}

function takeAll(reader: Reader): Frame[] {
  const frames: Frame[] = [];
  for (let frame = reader.take(); frame; frame = reader.take()) frames.push(frame);
  return frames;
}
