import { codec } from "../../protocols/room/constants.ts";
import { FatalError } from "../../util/errors.ts";

const headerBytes = 44;
const rateHz = codec.sampleRateHz.value;

/**
 * Samples of a WAV file, s16le. Throws FatalError with a sentence for a file of another form: rates are not converted
 * here.
 */
export function samplesOfWav(file: Uint8Array, name: string): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const word = (at: number) => Buffer.from(file.subarray(at, at + 4)).toString("latin1");
  if (file.length < 12 || word(0) !== "RIFF" || word(8) !== "WAVE") throw wrongForm(name, "no WAV file");
  let known = false;
  for (let at = 12; at + 8 <= file.length; ) {
    const [kind, length] = [word(at), view.getUint32(at + 4, true)];
    const from = at + 8;
    if (kind === "data" && known) return file.subarray(from, Math.min(file.length, from + length) & ~1);
    if (kind === "fmt " && from + 16 <= file.length) {
      const [format, channels] = [view.getUint16(from, true), view.getUint16(from + 2, true)];
      const [rate, bits] = [view.getUint32(from + 4, true), view.getUint16(from + 14, true)];
      if (format !== 1 || channels !== 1 || rate !== rateHz || bits !== 16) {
        throw wrongForm(name, `a WAV file of ${rate} Hz, ${channels} channels and ${bits} bits`);
      }
      known = true;
    }
    at = from + length + (length & 1);
  }
  throw wrongForm(name, "a WAV file without sound");
}

function wrongForm(name: string, what: string): FatalError {
  const wanted = "a station takes 16 kHz, mono, 16 bits (ffmpeg -i FILE -ar 16000 -ac 1 out.wav)";
  return new FatalError(`${name} is ${what}; ${wanted}`, { code: "not-audio" });
}

/** The head of a WAV file with so many bytes of s16le samples. */
export function wavHeader(bytes: number): Buffer {
  const head = Buffer.alloc(headerBytes);
  head.write("RIFF", 0);
  head.writeUInt32LE(bytes + headerBytes - 8, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rateHz, 24);
  head.writeUInt32LE(rateHz * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(bytes, 40);
  return head;
}
