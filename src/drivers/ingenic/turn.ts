import { isQuietPcm, pcmBlocks, pcmDurationUs } from "../../media/blocks.ts";
import type { AudioFormat } from "../../media/format.ts";
import { createPacer, pace } from "../../media/pace.ts";
import type { Pacer } from "../../media/pacer.ts";
import type { Speech } from "../../media/speech.ts";
import type { Clock } from "../../util/clock.ts";
import { RecoverableError } from "../../util/errors.ts";
import { until } from "../../util/until.ts";
import type { SpeakerRecord } from "./wire.ts";

/** The hook keeps at most this much and drops the oldest beyond it; a part of it stays free. */
const ringBytes = 32 * 1024 * 0.6;
const maxLeadMs = 300;
/** The hook begins when three blocks have come, so that less than this is only heard later. */
const startLeadMs = 100;
/** The vendor buffers a little, and the word that all was played takes its time. */
const tailMs = 1500;

/** The way to one camera's speaker. */
export interface SpeakerLine {
  /** What the hook told last. */
  readonly state: SpeakerRecord | undefined;
  /** Aborts, with the error for the talker, when the connection is gone. */
  readonly lost: AbortSignal;
  /** Calls `listener` with each record of the speaker. */
  onChange(listener: (state: SpeakerRecord) => void): Disposable;
  /** Sends samples; none of them say that we have ended. A promise is back-pressure. */
  say(format: AudioFormat, samples: Uint8Array): undefined | Promise<void>;
}

/** Options of {@link playTurn}. */
export interface TurnOptions {
  readonly speaker: SpeakerLine;
  readonly format: AudioFormat;
  readonly clock: Clock;
  /** Aborts when the device is let go of. */
  readonly signal: AbortSignal;
}

/**
 * One turn at the speaker: sends blocks of 20 ms at the pace at which they sound, with a small lead, then tells the end and
 * waits until the hook has played the rest. A turn that must stop at once stops sending; the hook has no way to throw away
 * what it holds, which is at most the lead. Throws RecoverableError `not-ready`, `busy`, `taken`, `no-answer` or `lost`.
 */
export async function playTurn(speech: Speech, options: TurnOptions): Promise<void> {
  const { speaker, format, clock } = options;
  if (speech.signal.aborted || options.signal.aborted) return;
  const refused = speaker.lost.aborted ? speaker.lost.reason : troubleOf(speaker.state, format);
  if (refused) throw refused;
  const trouble = new AbortController();
  using _watch = speaker.onChange((state) => {
    const error = troubleOf(state, format);
    if (error) trouble.abort(error);
  });
  const stopped = AbortSignal.any([speech.signal, options.signal]);
  const signal = AbortSignal.any([stopped, speaker.lost, trouble.signal]);
  const pacer = pacerFor(format, speech);
  try {
    await send(speech, { ...options, pacer, signal });
    const { sentMs, leadMs } = pacer.report(clock.nowUs());
    if (sentMs > 0) await freed(speaker, { clock, signal, withinMs: leadMs + tailMs });
  } catch (error) {
    if (!speaker.lost.aborted) speaker.say(format, new Uint8Array(0))?.catch(() => {}); // what ended the turn is told
    if (stopped.aborted) return;
    throw signal.aborted ? signal.reason : error;
  }
}

/** Sends all of it, and that it has ended. */
async function send(speech: Speech, options: TurnOptions & { readonly pacer: Pacer }): Promise<void> {
  const { speaker, format, clock, signal, pacer } = options;
  const blockBytes = Math.floor(format.sampleRateHz / 50) * 2 * format.channels;
  const durationUs = pcmDurationUs(format, blockBytes);
  await pace(pcmBlocks(speech.frames, { format, blockBytes }), {
    clock,
    pacer,
    sink: { write: (block) => orAborted(speaker.say(format, block), signal) },
    silence: { data: new Uint8Array(blockBytes), timestampUs: 0, key: true, durationUs },
    isQuiet: isQuietPcm,
    signal,
  });
  await orAborted(speaker.say(format, new Uint8Array(0)), signal);
}

function pacerFor(format: AudioFormat, { live }: Speech): Pacer {
  const ringMs = (ringBytes * 1000) / (2 * format.channels * format.sampleRateHz);
  const leadMs = Math.min(maxLeadMs, ringMs);
  return createPacer({
    live,
    speech: { startLeadMs: Math.min(startLeadMs, leadMs), maxLeadMs: leadMs },
    recording: { burstMs: leadMs, maxLeadMs: leadMs },
  });
}

/** Why nothing can be said, as a sentence for the talker; undefined if it can. */
function troubleOf(state: SpeakerRecord | undefined, format: AudioFormat): RecoverableError | undefined {
  if (!state?.ready) {
    return new RecoverableError("the camera's speaker is not ready: its firmware has not set it up", {
      code: "not-ready",
    });
  }
  if (state.sampleRateHz !== format.sampleRateHz || state.channels !== format.channels) {
    return new RecoverableError("the camera's speaker has changed its format: speak again", { code: "not-ready" });
  }
  if (state.busy) {
    return new RecoverableError("the camera plays a sound of its own: try again in a moment", { code: "busy" });
  }
  if (state.taken) {
    return new RecoverableError("somebody else speaks through the camera: try again in a moment", { code: "taken" });
  }
  return undefined;
}

/** Waits until the hook says that we no longer speak: what was said has been played. It says so within 1 s of the end. */
async function freed(
  speaker: SpeakerLine,
  options: { readonly clock: Clock; readonly signal: AbortSignal; readonly withinMs: number },
): Promise<void> {
  const { clock, signal, withinMs } = options;
  const free = new AbortController();
  let spoken = speaker.state?.yours ?? false;
  using _watch = speaker.onChange(({ yours }) => {
    if (spoken && !yours) free.abort();
    spoken ||= yours;
  });
  await clock.sleep(withinMs, AbortSignal.any([signal, free.signal])).catch((error: unknown) => {
    if (signal.aborted || !free.signal.aborted) throw error;
  });
}

/** Back-pressure that an abort ends. */
function orAborted(full: undefined | Promise<void>, signal: AbortSignal): undefined | Promise<void> {
  return full && until(full, { signal });
}
