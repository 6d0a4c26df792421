import type { Device, TrackWriter } from "../../device/driver.ts";
import { isAbort, RecoverableError } from "../../util/errors.ts";
import type { MediaStreams, StreamFrame } from "../../workers/ffmpeg/index.ts";

/** When playing is later than this, it goes on from where it is instead of catching up. */
const tooLateUs = 1_000_000;

/**
 * Writes the frames of `streams` to the device's tracks, each when its time has come: `startUs` is the hub time of the
 * streams' time 0. Returns the hub time of their end, or at once when the device's signal aborts.
 */
export async function playStreams(
  device: Device,
  streams: MediaStreams,
  options: { readonly startUs: number },
): Promise<number> {
  const { clock, signal } = device;
  const alone = streams.formats.length === 1;
  const writers: TrackWriter[] = streams.formats.map((format) => device.publish(format, { alone }));
  const steps = streams.formats.map(() => ({ lastUs: 0, stepUs: 40_000 }));
  let { startUs } = options;
  let frames = 0;
  for await (const { stream, data, key, timestampUs, durationUs } of abortable(streams, signal)) {
    const aheadUs = startUs + timestampUs - clock.nowUs();
    if (aheadUs < -tooLateUs) startUs -= aheadUs;
    else if (aheadUs > 1000 && !(await waited(aheadUs / 1000, device))) break;
    const step = steps[stream];
    if (step) {
      if (timestampUs > step.lastUs) step.stepUs = timestampUs - step.lastUs;
      step.lastUs = timestampUs;
    }
    writers[stream]?.write({ data, key, timestampUs: Math.max(0, startUs + timestampUs), durationUs });
    if (frames++ === 0) device.ready();
  }
  if (frames === 0 && !signal.aborted)
    throw new RecoverableError("nothing in this file can be shown", { code: "empty" });
  return startUs + Math.max(0, ...steps.map(({ lastUs, stepUs }) => lastUs + stepUs));
}

async function waited(delayMs: number, { clock, signal }: Device): Promise<boolean> {
  try {
    await clock.sleep(delayMs, signal);
    return true;
  } catch (error) {
    if (isAbort(error) || signal.aborted) return false;
    throw error;
  }
}

/** The frames of `streams` until `signal` aborts. */
async function* abortable(streams: MediaStreams, signal: AbortSignal): AsyncGenerator<StreamFrame, void, void> {
  const stop = (): void => streams[Symbol.dispose]();
  signal.addEventListener("abort", stop, { once: true });
  try {
    if (!signal.aborted) yield* streams.frames;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
