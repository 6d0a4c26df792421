import type { Readable } from "node:stream";
import type { Converter } from "../../../media/convert.ts";
import type { RecordedSpeech } from "../../../media/speech.ts";
import { Problem } from "../../problem.ts";

/** Largest sound that is taken: three minutes of speech as it stands in a WAV file at 48 kHz, an hour of it as MP3. */
export const maxUploadBytes = 16 * 2 ** 20;

/**
 * A sound that is sent along with a request: kept in memory until it was played, for each speaker opens it from its
 * beginning. Throws Problem 413 when it is too large, and the signal's reason when the sender hangs up.
 */
export async function uploadedSound(
  body: Readable,
  how: { readonly converter: Converter; readonly signal: AbortSignal },
): Promise<RecordedSpeech> {
  const bytes = await readUpload(body, { maxBytes: maxUploadBytes, signal: how.signal });
  return soundOf(bytes, how.converter);
}

/** A sound file in memory, which each speaker opens from its beginning. */
export function soundOf(bytes: Uint8Array, converter: Pick<Converter, "decodeFile">): RecordedSpeech {
  return {
    live: false,
    open: (output, options) => converter.decodeFile({ bytes: pieces(bytes) }, { output, ...options }),
  };
}

/** All that is sent along. Throws Problem 413 when it is more than `maxBytes`, and the signal's reason. */
export async function readUpload(
  body: Readable,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    signal.throwIfAborted();
    size += (chunk as Buffer).length;
    if (size > maxBytes) {
      throw new Problem(413, { code: "too-large", detail: `The sound is larger than ${maxBytes / 2 ** 20} MiB.` });
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  const pieceBytes = 65_536;
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
