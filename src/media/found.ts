import type { Clock } from "../util/clock.ts";
import { FatalError, RecoverableError } from "../util/errors.ts";
import { until } from "../util/until.ts";
import type { AudioFormat } from "./format.ts";
import type { Frame } from "./frame.ts";
import type { RecordedFrames, RecordedSpeech } from "./speech.ts";

/** Options of {@link findSound}. */
export interface FindOptions {
  /** What it will most likely be played in: opened again for anything else. */
  readonly format: AudioFormat;
  readonly gain: number;
  readonly clock: Clock;
  /** For the first sound. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A recording whose first sound is there. Its owner disposes it when nobody is to play it (any more). */
export interface FoundSound extends RecordedSpeech, AsyncDisposable {}

/**
 * A recording whose first sound is there: opened, decoded, and kept for whoever plays it. A source that is no sound, hangs or
 * trickles is found out here, before anybody's speaker is held for it. Throws what opening throws, RecoverableError
 * `no-sound` when nothing came in time, FatalError `no-sound` when there is nothing in it, and the signal's reason.
 */
export async function findSound(source: RecordedSpeech, options: FindOptions): Promise<FoundSound> {
  const { format, gain, clock, timeoutMs: ms, signal } = options;
  const life = new AbortController();
  const within = { ms, clock, error: () => new RecoverableError("no sound came in time", { code: "no-sound" }) };
  const open = async (): Promise<{ readonly recording: RecordedFrames; readonly frames: AsyncIterable<Frame> }> => {
    const recording = await source.open(format, { gain, signal: life.signal });
    await using held = new AsyncDisposableStack();
    held.use(recording);
    const iterator = recording.frames[Symbol.asyncIterator]();
    const first = await iterator.next();
    if (first.done) throw new FatalError("there is no sound in it", { code: "no-sound" });
    held.move();
    return { recording, frames: resumed(first.value, iterator) };
  };
  const opening = open();
  let found: Awaited<typeof opening> | undefined;
  try {
    found = await until(opening, { signal, within });
  } catch (error) {
    life.abort();
    opening.then(
      ({ recording }) => recording[Symbol.asyncDispose](),
      () => {}, // what it fails of now was told, or is of no interest
    );
    throw error;
  }
  return {
    live: false,
    [Symbol.asyncDispose]: async () => {
      await found?.recording[Symbol.asyncDispose]();
      found = undefined;
    },
    open: async (output, how) => {
      const kept = found;
      found = undefined;
      const fits = kept && isSame(output, format) && how.gain === gain;
      if (!fits) {
        if (kept) await kept.recording[Symbol.asyncDispose]();
        return await source.open(output, how);
      }
      const stop = () => life.abort(how.signal.reason);
      if (how.signal.aborted) stop();
      how.signal.addEventListener("abort", stop, { once: true });
      return {
        frames: kept.frames,
        [Symbol.asyncDispose]: async () => {
          how.signal.removeEventListener("abort", stop);
          await kept.recording[Symbol.asyncDispose]();
        },
      };
    },
  };
}

async function* resumed(first: Frame, rest: AsyncIterator<Frame>): AsyncGenerator<Frame, void, void> {
  try {
    yield first;
    for (let step = await rest.next(); !step.done; step = await rest.next()) yield step.value;
  } finally {
    rest.return?.().catch(() => {}); // nobody is left to tell
  }
}

function isSame(a: AudioFormat, b: AudioFormat): boolean {
  return a.codec === b.codec && a.sampleRateHz === b.sampleRateHz && a.channels === b.channels;
}
