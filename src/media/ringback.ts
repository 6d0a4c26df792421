import { writeWav } from "../codecs/wav/index.ts";

const rateHz = 16_000;
const pitchHz = 425;
const seconds = 1;
/** Begins and ends within 20 ms: faster would click. */
const fadeS = 0.02;

/** How long it is silent between two tones (ETSI TR 101 041: 1 s of tone, 4 s of silence), in ms. */
export const ringbackPauseMs = 4000;

/** One ringing tone, as whoever calls hears it, as a WAV file: 425 Hz for a second. */
export function ringbackWav(): Uint8Array {
  const samples = Int16Array.from({ length: rateHz * seconds }, (_, n) => {
    const atS = n / rateHz;
    const envelope = Math.min(1, atS / fadeS, (seconds - atS) / fadeS);
    return Math.round(7000 * envelope * Math.sin(2 * Math.PI * pitchHz * atS));
  });
  return writeWav(samples, { sampleRateHz: rateHz });
}
