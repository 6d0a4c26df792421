import { frameSamples } from "./playout.ts";

/** A tone that a station makes by itself. */
export interface ToneKind {
  /** How long, in frames of 20 ms. */
  readonly frames: number;
  /** Samples of half a wave. */
  readonly halfWave: number;
}

/** Somebody rings the room: a second of 667 Hz. */
export const ringTone: ToneKind = { frames: 50, halfWave: 12 };
/** Our talk ends soon: half a second of 889 Hz. */
export const warningTone: ToneKind = { frames: 25, halfWave: 9 };
const peak = 6000;

/** The frames of a tone, a triangle wave, one by one. */
export function* framesOfTone({ frames, halfWave }: ToneKind): Generator<Int16Array, void, void> {
  for (let frame = 0; frame < frames; frame++) {
    yield Int16Array.from({ length: frameSamples }, (_, i) => {
      const at = (frame * frameSamples + i) % (2 * halfWave);
      const rise = at < halfWave ? at : 2 * halfWave - at;
      return Math.trunc((rise * 2 * peak) / halfWave) - peak;
    });
  }
}
