import { WireError } from "../../util/errors.ts";

/** What the head of a WAV file says of its sound. */
export interface WavInfo {
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly bitsPerSample: number;
  readonly durationUs: number;
}

const formats: ReadonlyMap<number, readonly number[]> = new Map([
  [1, [8, 16, 24, 32]],
  [3, [32, 64]],
  [6, [8]],
  [7, [8]],
]);
/** Its real format stands in the first two bytes of the GUID at its end. */
const extensible = 0xfffe;
const maxChunks = 1000;

/**
 * Reads the head of a whole WAV file (RIFF): PCM, floats or G.711, 1 to 8 channels, 4 to 192 kHz. A recorder that was stopped
 * leaves a length of 0 or more than is there: what is there counts. Throws WireError for anything else.
 */
export function readWav(file: Uint8Array): WavInfo {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 12 || tag(view, 0) !== "RIFF" || tag(view, 8) !== "WAVE") throw new WireError("it is no WAV file");
  let format: Omit<WavInfo, "durationUs"> | undefined;
  let at = 12;
  for (let chunks = 0; at + 8 <= file.length && chunks < maxChunks; chunks++) {
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (tag(view, at) === "fmt ") format = readFormat(view, { at: body, size });
    if (tag(view, at) === "data") return described(format, dataBytes(file.length - body, size));
    at = body + size + (size % 2);
  }
  throw new WireError("there is no sound in the WAV file");
}

/** A WAV file of s16le samples, one channel. */
export function writeWav(samples: Int16Array, { sampleRateHz }: { readonly sampleRateHz: number }): Uint8Array {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return Buffer.concat([wavHead(bytes.length, { sampleRateHz }), bytes]);
}

/** The 44 bytes before `dataBytes` of s16le samples, one channel. */
export function wavHead(dataBytes: number, { sampleRateHz }: { readonly sampleRateHz: number }): Uint8Array {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0, "latin1");
  head.writeUInt32LE(36 + dataBytes, 4);
  head.write("WAVEfmt ", 8, "latin1");
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(sampleRateHz, 24);
  head.writeUInt32LE(sampleRateHz * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36, "latin1");
  head.writeUInt32LE(dataBytes, 40);
  return head;
}

function readFormat(
  view: DataView,
  { at, size }: { readonly at: number; readonly size: number },
): Omit<WavInfo, "durationUs"> {
  if (size < 16 || at + size > view.byteLength) throw new WireError("the head of the WAV file is cut off");
  const told = view.getUint16(at, true);
  const kind = told === extensible && size >= 26 ? view.getUint16(at + 24, true) : told;
  const channels = view.getUint16(at + 2, true);
  const sampleRateHz = view.getUint32(at + 4, true);
  const bitsPerSample = view.getUint16(at + 14, true);
  if (!formats.get(kind)?.includes(bitsPerSample)) {
    throw new WireError(`the WAV file holds sound in a format that is not known (${kind}, ${bitsPerSample} bits)`);
  }
  if (channels < 1 || channels > 8) throw new WireError(`the WAV file has ${channels} channels, not 1 to 8`);
  if (sampleRateHz < 4000 || sampleRateHz > 192_000) {
    throw new WireError(`the WAV file has ${sampleRateHz} samples a second, not 4000 to 192000`);
  }
  return { sampleRateHz, channels, bitsPerSample };
}

function dataBytes(there: number, told: number): number {
  return told === 0 ? there : Math.min(there, told);
}

function described(format: Omit<WavInfo, "durationUs"> | undefined, bytes: number): WavInfo {
  if (!format) throw new WireError("the WAV file does not say in what format its sound is");
  const frames = Math.floor(bytes / ((format.channels * format.bitsPerSample) / 8));
  if (frames === 0) throw new WireError("there is no sound in the WAV file");
  return { ...format, durationUs: Math.round((frames * 1e6) / format.sampleRateHz) };
}

function tag(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}
