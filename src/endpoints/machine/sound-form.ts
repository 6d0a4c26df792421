/** How sound is written: s16le at this rate, interleaved where there are two channels. */
export interface SoundForm {
  readonly sampleRateHz: number;
  readonly channels: number;
}

/** What microphones give and loudspeakers take at a time, ms. */
export const frameMs = 20;

/** What a room station speaks, and everything else that is told nothing. */
export const plainForm: SoundForm = { sampleRateHz: 16_000, channels: 1 };

/** Samples of one frame, of all channels together. */
export function frameLength({ sampleRateHz, channels }: SoundForm): number {
  return ((sampleRateHz * frameMs) / 1000) * channels;
}
