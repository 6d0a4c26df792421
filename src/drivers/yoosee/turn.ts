import { isQuietPcm, pcmBlocks, pcmDurationUs } from "../../media/blocks.ts";
import type { AudioFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { LivePacer } from "../../media/live-pacer.ts";
import { pace } from "../../media/pace.ts";
import type { PaceReport, Pacer } from "../../media/pacer.ts";
import { RecordingPacer } from "../../media/recording-pacer.ts";
import { StartLeads } from "../../media/start-leads.ts";
import type { Clock } from "../../util/clock.ts";
import type { Log } from "../../util/log.ts";
import { closeAfresh, type TalkConnection, type TalkOptions, type TalkTarget } from "./connection.ts";
import { pcmBytes } from "./wire.ts";

/** Options of {@link playTurn}. */
export interface TurnOptions extends TalkOptions {
  readonly target: TalkTarget;
  /** pcm_s16le, mono, at the rate that the camera plays. */
  readonly format: AudioFormat;
  /** Live sound is heard at once; a recording is sent up to 2 s ahead. */
  readonly live: boolean;
  /** Whose microphone it is, and what is known of the ways of those that spoke here before. */
  readonly voice?: string;
  readonly leads?: StartLeads;
  readonly onReport?: (report: PaceReport) => void;
}

/** How a turn ended. */
export interface TurnResult extends PaceReport {
  /** Time that the camera took to answer the last OPEN. */
  readonly roundTripMs: number;
  /** False when the camera did not confirm that its speaker is closed. */
  readonly confirmed: boolean;
}

/** Live sound is so far ahead of the loudspeaker to begin with, ms: usually, and where all came evenly. */
const startLeadMs = { usual: 100, least: 60 };
/** How much of a recording is sent at once at its beginning, ms. */
const burstMs = 1000;
/** Network and firmware take a moment more than the lead, ms. */
const tailMs = 120;
/** A repeated OPEN that is answered this much later than the first means that the network stalled, ms. */
const stallMs = 60;

/**
 * Plays `frames` through an opened speaker: paced, OPEN repeated where the firmware needs it, CLOSE after the last
 * sound was heard. Aborting `signal` silences the camera at once and throws AbortError. A camera that goes away throws
 * RecoverableError `lost` after a CLOSE on a fresh connection was tried. The connection is used up either way.
 */
export async function playTurn(
  connection: TalkConnection,
  frames: AsyncIterable<Frame>,
  options: TurnOptions,
): Promise<TurnResult> {
  const { clock, format } = options;
  const openedMs = connection.roundTripMs;
  const ended = new AbortController();
  const signal = AbortSignal.any([connection.lost, ended.signal, ...(options.signal ? [options.signal] : [])]);
  const pacer = options.live ? livePacer(options) : recordingPacer(connection.roundTripMs);
  const heard = () => clock.sleep(pacer.report(clock.nowUs()).leadMs + connection.roundTripMs + tailMs, signal);
  const reopening = keepOpen(connection, { pacer, clock, signal, log: options.log }).catch((error: unknown) =>
    ended.abort(error),
  );
  try {
    await pace(pcmBlocks(frames, { format, blockBytes: pcmBytes }), {
      clock,
      pacer,
      sink: connection,
      gatherMs: options.live ? 0 : burstMs,
      silence: silence(format),
      isQuiet: isQuietPcm,
      onReport: options.onReport,
      signal,
    });
    await heard();
  } catch (error) {
    if (!signal.aborted) {
      await heard().then(
        () => connection.close(),
        () => release(connection, options),
      );
      throw error;
    }
    await release(connection, options);
    throw signal.reason;
  } finally {
    if (pacer instanceof LivePacer) learn(pacer, { ...options, roundTripMs: openedMs });
    ended.abort(new DOMException("the turn is over", "AbortError"));
    await reopening;
  }
  const { roundTripMs } = connection;
  return { ...pacer.report(clock.nowUs()), roundTripMs, confirmed: await connection.close() };
}

/** What is known of the ways to one camera's loudspeaker: nothing yet. */
export function newStartLeads(): StartLeads {
  return new StartLeads({ usualMs: startLeadMs.usual, leastMs: startLeadMs.least });
}

function livePacer({ leads, voice }: TurnOptions): LivePacer {
  const { usual } = startLeadMs;
  return new LivePacer({ startLeadMs: leads?.leadOf(voice) ?? usual, usualLeadMs: usual });
}

function recordingPacer(roundTripMs: number): RecordingPacer {
  return new RecordingPacer({ burstMs, maxLeadMs: 2000 - marginMs(roundTripMs) });
}

function learn(pacer: LivePacer, of: TurnOptions & { readonly roundTripMs: number }): void {
  const { clock, leads, voice, roundTripMs } = of;
  if (voice === undefined) return;
  const { unevenMs } = pacer;
  leads?.learn({ voice, unevenMs, sentMs: pacer.report(clock.nowUs()).sentMs, roundTripMs });
}

/**
 * The network's share of the lead: the camera began to play a little after the first block was sent, so that it holds
 * that much more than we think.
 */
function marginMs(roundTripMs: number): number {
  return Math.min(200, Math.max(20, roundTripMs));
}

/** Ends a turn before its end: the camera is silenced, on a fresh connection if this one is gone. */
async function release(connection: TalkConnection, options: TurnOptions): Promise<void> {
  if (!connection.lost.aborted) return await connection.hush();
  connection[Symbol.dispose]();
  await closeAfresh(options.target, options);
}

/**
 * Repeats OPEN as the profile needs it until `signal` aborts; a late answer tells the pacer of a stall. A classic camera
 * that takes no second OPEN needs none: it goes on without.
 */
async function keepOpen(
  connection: TalkConnection,
  options: { readonly pacer: Pacer; readonly clock: Clock; readonly signal: AbortSignal; readonly log: Log },
): Promise<void> {
  const { pacer, clock, signal, log } = options;
  const { reopenMs } = connection.profile;
  const usualMs = connection.roundTripMs;
  if (reopenMs === 0) return;
  while (!signal.aborted) {
    try {
      await clock.sleep(reopenMs, signal);
    } catch {
      return;
    }
    let roundTripMs: number;
    try {
      roundTripMs = await Promise.race([connection.open(), aborted(signal)]);
    } catch (error) {
      if (signal.aborted) return;
      if (connection.lost.aborted || connection.profile.name !== "classic") throw error;
      log.debug({ err: error }, "the camera takes no second OPEN");
      return;
    }
    if (roundTripMs > usualMs + stallMs) pacer.stalled(clock.nowUs(), roundTripMs - usualMs);
  }
}

/** Rejects when `signal` aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function silence(format: AudioFormat): Frame {
  const data = new Uint8Array(pcmBytes);
  return { data, timestampUs: 0, key: true, durationUs: pcmDurationUs(format, pcmBytes) };
}
