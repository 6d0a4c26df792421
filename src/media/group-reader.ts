import type { Frame } from "./frame.ts";
import type { Reader, ReaderCounters } from "./reader.ts";
import type { Track } from "./track.ts";

/** Options of {@link readFromGroup}. */
export interface GroupReadOptions {
  /** Takes what waits in the reader; called once for what was written in one go, and not inside the writer's call. */
  readonly pump: () => void;
  readonly onLagged?: ((counters: Readonly<ReaderCounters>) => void) | undefined;
}

/** A track that is read from the group of pictures on that the hub keeps. */
export interface GroupRead {
  readonly reader: Reader;
  /** What was kept: older than live, to be passed on at once. */
  readonly group: readonly Frame[];
  /** How far the last of it is behind what came last, in microseconds. */
  readonly latencyUs: number;
}

/**
 * Reads a track for many at once: what is kept first, then what comes, in batches. The caller disposes the reader, and copies
 * what it takes before it returns: the bytes are used again.
 */
export function readFromGroup(track: Track, { pump, onLagged }: GroupReadOptions): GroupRead {
  let pumping = false;
  const reader = track.read({
    start: "gop",
    borrows: true,
    ...(onLagged && { onLagged }),
    onReady: () => {
      if (pumping) return;
      pumping = true;
      // Not inside the writer's call: it must return at once.
      queueMicrotask(() => {
        pumping = false;
        pump();
      });
    },
  });
  const group = takeAll(reader);
  const last = group.at(-1);
  const latencyUs = last && track.lastFrameUs !== undefined ? Math.max(0, track.lastFrameUs - last.timestampUs) : 0;
  return { reader, group, latencyUs };
}

/** Everything that waits in a reader. */
export function takeAll(reader: Reader): Frame[] {
  const frames: Frame[] = [];
  for (let frame = reader.take(); frame; frame = reader.take()) frames.push(frame);
  return frames;
}
