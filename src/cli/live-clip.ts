import type { Frame } from "../media/frame.ts";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";

/** Options of {@link openLiveClip}. */
export interface LiveClipOptions {
  /** Draws one group of pictures, a key frame first, that begins at this time of day. */
  readonly draw: (startWallMs: number) => Promise<readonly Pick<Frame, "data">[]>;
  /** Pictures in a group, and how long one stands. */
  readonly gopFrames: number;
  readonly frameMs: number;
  /** Whether anybody sees it: nothing is drawn for nobody. */
  readonly wanted: () => boolean;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** Two groups, one of which is played while the other one is drawn. */
const slots = 2;
/** A group that is played later or sooner than it was drawn for by more than this is drawn anew. */
const toleranceMs = 300;

/**
 * Pictures for a fake camera that plays a list in a loop, whose clock shows the time at which they are played: whenever one
 * is taken, the group that comes next is drawn for the moment at which it will be. The first group is drawn before it opens.
 */
export async function openLiveClip<T>(
  options: LiveClipOptions,
  how: { readonly make: (data: Uint8Array) => T },
): Promise<readonly T[]> {
  const { draw, gopFrames, frameMs, clock, wanted, onError } = options;
  const drawnFor = new Array<number>(slots).fill(Number.NEGATIVE_INFINITY);
  const busy = new Set<number>();
  const first = await draw(clock.wallMs());
  const units = Array.from({ length: slots * gopFrames }, (_, at) => how.make(first[at % gopFrames]?.data ?? empty));
  const redraw = async (slot: number, startWallMs: number) => {
    const frames = await draw(startWallMs);
    for (const [at, { data }] of frames.entries()) if (at < gopFrames) units[slot * gopFrames + at] = how.make(data);
    drawnFor[slot] = startWallMs;
  };
  const played = (index: number) => {
    const slot = (Math.floor(index / gopFrames) + 1) % slots;
    const startWallMs = clock.wallMs() + (gopFrames - (index % gopFrames)) * frameMs;
    const fits = Math.abs((drawnFor[slot] ?? 0) - startWallMs) < toleranceMs;
    if (fits || busy.has(slot) || !wanted()) return;
    busy.add(slot);
    background(
      redraw(slot, startWallMs).finally(() => busy.delete(slot)),
      onError,
    );
  };
  return new Proxy(units, {
    get: (list, key) => {
      const index = typeof key === "string" && /^\d+$/.test(key) ? Number(key) : -1;
      if (index >= 0) played(index);
      return Reflect.get(list, key);
    },
  });
}

const empty = new Uint8Array(0);
