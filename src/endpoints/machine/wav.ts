import { FatalError } from "../../util/errors.ts";
import { plainForm, type SoundForm } from "./sound-form.ts";

const headerBytes = 44;

/**
 * Samples of a WAV file, s16le. Throws FatalError with a sentence for a file of another form: rates are not converted
 * here.
 */
export function samplesOfWav(file: Uint8Array, how: { readonly name: string; readonly form?: SoundForm }): Uint8Array {
  const { name, form = plainForm } = how;
  const wrongForm = (what: string) => refused(name, { what, form });
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const word = (at: number) => Buffer.from(file.subarray(at, at + 4)).toString("latin1");
  if (file.length < 12 || word(0) !== "RIFF" || word(8) !== "WAVE") throw wrongForm("no WAV file");
  let known = false;
  for (let at = 12; at + 8 <= file.length; ) {
    const [kind, length] = [word(at), view.getUint32(at + 4, true)];
    const from = at + 8;
    if (kind === "data" && known) return file.subarray(from, Math.min(file.length, from + length) & ~1);
    if (kind === "fmt " && from + 16 <= file.length) {
      const [format, channels] = [view.getUint16(from, true), view.getUint16(from + 2, true)];
      const [rate, bits] = [view.getUint32(from + 4, true), view.getUint16(from + 14, true)];
      if (format !== 1 || channels !== form.channels || rate !== form.sampleRateHz || bits !== 16) {
        throw wrongForm(`a WAV file of ${rate} Hz, ${channels} channels and ${bits} bits`);
      }
      known = true;
    }
    at = from + length + (length & 1);
  }
  throw wrongForm("a WAV file without sound");
}

function refused(name: string, how: { readonly what: string; readonly form: SoundForm }): FatalError {
  const { what, form } = how;
  const { sampleRateHz, channels } = form;
  const kind = `${sampleRateHz / 1000} kHz, ${channels === 1 ? "mono" : "stereo"}, 16 bits`;
  const wanted = `a station takes ${kind} (ffmpeg -i FILE -ar ${sampleRateHz} -ac ${channels} out.wav)`;
  return new FatalError(`${name} is ${what}; ${wanted}`, { code: "not-audio" });
}

/** The head of a WAV file with so many bytes of s16le samples. */
export function wavHeader(bytes: number, { sampleRateHz, channels }: SoundForm = plainForm): Buffer {
  const head = Buffer.alloc(headerBytes);
  head.write("RIFF", 0);
  head.writeUInt32LE(bytes + headerBytes - 8, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(sampleRateHz, 24);
  head.writeUInt32LE(sampleRateHz * channels * 2, 28);
  head.writeUInt16LE(channels * 2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(bytes, 40);
  return head;
}
