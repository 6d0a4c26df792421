import type { Clock } from "../util/clock.ts";
import type { Frame } from "./frame.ts";
import { LivePacer, type LivePacerOptions } from "./live-pacer.ts";
import type { PaceReport, Pacer } from "./pacer.ts";
import { RecordingPacer, type RecordingPacerOptions } from "./recording-pacer.ts";

/** Where paced sound goes. A promise is back-pressure: the next block waits for it. It may throw when the device is lost. */
export interface PaceSink {
  write(block: Uint8Array): undefined | Promise<void>;
}

/** Options of {@link createPacer}. */
export interface PacerOptions {
  /** Live sound gets a small adaptive lead; a recording gets burst and maintain. */
  readonly live: boolean;
  readonly recording?: RecordingPacerOptions;
  readonly speech?: LivePacerOptions;
}

/** The pacer for live speech or for a recording. */
export function createPacer(options: PacerOptions): Pacer {
  return options.live ? new LivePacer(options.speech) : new RecordingPacer(options.recording);
}

/** Options of {@link pace}. */
export interface PaceOptions {
  readonly clock: Clock;
  readonly pacer: Pacer;
  readonly sink: PaceSink;
  /**
   * This much sound (or all of it, if there is less) is collected before the first block is sent, so that a burst leaves in one
   * piece: a device that plays from the first block on would run dry in the gaps of a slow source. Default 0.
   */
  readonly gatherMs?: number;
  /** One block of silence in the sink's format, sent to build a lead before live speech. None without it. */
  readonly silence?: Frame;
  /** Whether nobody would miss a block; nothing is quiet by default. */
  readonly isQuiet?: (data: Uint8Array) => boolean;
  /** Called after every block. Must return at once. */
  readonly onReport?: (report: PaceReport) => void;
  readonly signal?: AbortSignal;
}

/** How long a frame of unknown duration is taken to last. */
const usualFrameUs = 20_000;

/**
 * Sends `frames` to `sink` at the pace of `pacer` until they end; gives what the pacer knows then. What was sent may
 * not have been heard yet: that takes `leadMs` more. Throws what the sink throws, and AbortError when `signal` aborts.
 */
export async function pace(frames: AsyncIterable<Frame>, options: PaceOptions): Promise<PaceReport> {
  const { clock, pacer, signal } = options;
  const source = gathered(abortable(frames, signal), options.gatherMs ?? 0);
  for await (const frame of source) await sendOne(frame, options);
  signal?.throwIfAborted();
  return pacer.report(clock.nowUs());
}

async function sendOne(frame: Frame, options: PaceOptions): Promise<void> {
  const { clock, pacer, signal } = options;
  const durationUs = frame.durationUs ?? usualFrameUs;
  const block = { durationUs, quiet: options.isQuiet?.(frame.data) ?? false };
  let verdict = pacer.verdict(clock.nowUs(), block);
  while (verdict.kind === "wait") {
    await clock.sleep(Math.ceil(verdict.waitUs / 1000), signal);
    verdict = pacer.verdict(clock.nowUs(), block);
  }
  if (verdict.kind === "drop") return;
  if (options.silence) for (let i = 0; i < verdict.silenceBlocks; i++) await write(options.silence, options);
  await write(frame, options);
  options.onReport?.(pacer.report(clock.nowUs()));
}

async function write(frame: Frame, options: PaceOptions): Promise<void> {
  options.signal?.throwIfAborted();
  options.pacer.sent(options.clock.nowUs(), frame.durationUs ?? usualFrameUs);
  const full = options.sink.write(frame.data);
  if (full !== undefined) await full;
}

/** The frames, of which the first come when `ms` of sound are there. */
async function* gathered(frames: AsyncGenerator<Frame, void, void>, ms: number): AsyncGenerator<Frame, void, void> {
  const first: Frame[] = [];
  for (let us = 0; us < ms * 1000; ) {
    const step = await frames.next();
    if (step.done) break;
    first.push(step.value);
    us += step.value.durationUs ?? usualFrameUs;
  }
  yield* first;
  yield* frames;
}

/** The frames until `signal` aborts, which ends a wait for the next one at once. */
async function* abortable(frames: AsyncIterable<Frame>, signal?: AbortSignal): AsyncGenerator<Frame, void, void> {
  const iterator = frames[Symbol.asyncIterator]();
  let giveUp: (reason: unknown) => void = () => {};
  const onAbort = () => giveUp(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    for (;;) {
      const step = await new Promise<IteratorResult<Frame>>((resolve, reject) => {
        giveUp = reject;
        iterator.next().then(resolve, reject);
      });
      signal?.throwIfAborted();
      if (step.done) return;
      yield step.value;
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    iterator.return?.().catch(() => {}); // a source that fails while it is let go has nobody to tell
  }
}
