/** What this folder's tests share: sound to play, and a clock that runs faster. */
import { pcmFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { type Clock, systemClock } from "../../util/clock.ts";

/** A clock that runs `speed` times as fast as the machine's, so that a minute of sound is tested in seconds. */
export function fastClock(speed: number): Clock {
  return {
    nowUs: () => Math.round(systemClock.nowUs() * speed),
    wallMs: () => systemClock.wallMs(),
    sleep: (delayMs, signal) => systemClock.sleep(delayMs / speed, signal),
    timer: (delayMs, run) => systemClock.timer(delayMs / speed, run),
  };
}

/** A tone of `ms` as pcm_s16le mono: 440 Hz, loud enough never to count as quiet for a whole block. */
export function tone(ms: number, rateHz = 8000): Uint8Array {
  const samples = Math.round((ms * rateHz) / 1000);
  const bytes = new Uint8Array(samples * 2);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < samples; index++) {
    view.setInt16(index * 2, Math.round(8000 * Math.sin((2 * Math.PI * 440 * index) / rateHz)) || 1, true);
  }
  return bytes;
}

/** A recording: `pcm` in pieces of `pieceBytes`, which need not fit the blocks. */
export async function* recorded(pcm: Uint8Array, pieceBytes = 65_536): AsyncGenerator<Frame, void, void> {
  for (let offset = 0; offset < pcm.length; offset += pieceBytes) {
    yield { data: pcm.subarray(offset, offset + pieceBytes), timestampUs: 0, key: true };
  }
}

/** Live sound: 20 ms at a time, in real time by `clock`, until `ms` are over or `signal` aborts. */
export async function* spoken(
  ms: number,
  options: { readonly clock: Clock; readonly rateHz?: number; readonly signal?: AbortSignal },
): AsyncGenerator<Frame, void, void> {
  const { clock, rateHz = 8000 } = options;
  const data = tone(20, rateHz);
  const startUs = clock.nowUs();
  for (let atMs = 0; atMs < ms && !options.signal?.aborted; atMs += 20) {
    const waitMs = atMs - (clock.nowUs() - startUs) / 1000;
    if (waitMs > 0) await clock.sleep(waitMs);
    yield { data, timestampUs: clock.nowUs(), key: true, durationUs: 20_000 };
  }
}

/** The format of {@link tone}. */
export const format8k = pcmFormat(8000);
