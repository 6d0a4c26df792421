import { readWav } from "../codecs/wav/index.ts";

/** How long the sound of a whole WAV file lasts, in seconds. Throws WireError for what is none. */
export function wavSeconds(file: Uint8Array): number {
  return readWav(file).durationUs / 1e6;
}
