import { closeSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { bytesOf, samplesOf } from "../../codecs/pcm/index.ts";
import { Reblocker } from "../../media/reblock.ts";
import type { Clock } from "../../util/clock.ts";
import { FatalError, messageOf } from "../../util/errors.ts";
import type { Loudspeaker, Microphone } from "./ports.ts";
import { frameLength, plainForm, type SoundForm } from "./sound-form.ts";
import { every20Ms } from "./ticker.ts";
import { samplesOfWav, wavHeader } from "./wav.ts";

/** Half an hour of sound. */
const maxFileBytes = 64 * 2 ** 20;

/**
 * A WAV file as microphone: it begins where the words do, goes on from talk to talk, and is silent behind its end. Throws
 * FatalError for what cannot be read.
 */
export function openFileMicrophone(
  path: string,
  how: { readonly clock: Clock; readonly form?: SoundForm },
): Microphone {
  const { clock, form = plainForm } = how;
  return samplesMicrophone(samplesOfWav(readWhole(path), { name: path, form }), clock, { form });
}

/** Samples (s16le; 16 kHz, mono unless told) as microphone; `again` from their beginning in each talk. */
export function samplesMicrophone(
  samples: Uint8Array,
  clock: Clock,
  how: { readonly again?: boolean; readonly form?: SoundForm } = {},
): Microphone {
  const frameSamples = frameLength(how.form ?? plainForm);
  let at = 0;
  let begin = () => {};
  const next = () => {
    const frame = new Int16Array(frameSamples);
    frame.set(samplesOf(samples.subarray(at, at + frameSamples * 2)));
    at = Math.min(samples.length, at + frameSamples * 2);
    return frame;
  };
  return {
    capture: (give) => {
      let ticking: Disposable | undefined;
      if (how.again) at = 0;
      begin = () => {
        ticking ??= every20Ms(clock, () => give(next()));
      };
      return {
        [Symbol.dispose]: () => {
          begin = () => {};
          ticking?.[Symbol.dispose]();
        },
      };
    },
    begin: () => begin(),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Plain samples that come by a stream, e.g. standard input, as they come; what nobody asked for is passed over. */
export function streamMicrophone(stream: NodeJS.ReadableStream, form: SoundForm = plainForm): Microphone {
  const listeners = new Set<(frame: Int16Array) => void>();
  const reblocker = new Reblocker(frameLength(form) * 2);
  stream.on("data", (bytes: Uint8Array) => {
    for (const block of reblocker.push(bytes)) for (const give of listeners) give(samplesOf(block));
  });
  return {
    capture: (give) => {
      listeners.add(give);
      return { [Symbol.dispose]: () => listeners.delete(give) };
    },
    begin: () => {},
    [Symbol.asyncDispose]: async () => {
      stream.pause();
    },
  };
}

/** A WAV file as loudspeaker: a frame each 20 ms, silence too. Throws FatalError for one that cannot be written. */
export function openFileLoudspeaker(path: string, form: SoundForm = plainForm): Loudspeaker {
  const file = openForWriting(path);
  let bytes = 0;
  writeSync(file, wavHeader(0, form));
  return {
    write: (frame) => {
      bytes += writeSync(file, bytesOf(frame));
      return true;
    },
    [Symbol.asyncDispose]: async () => {
      writeSync(file, wavHeader(bytes, form), 0, undefined, 0);
      closeSync(file);
    },
  };
}

/** Plain samples to a stream, e.g. standard output. */
export function streamLoudspeaker(stream: NodeJS.WritableStream): Loudspeaker {
  return {
    write: (frame) => stream.write(bytesOf(frame)),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** No microphone: a talk is silent. */
export const noMicrophone: Microphone = {
  capture: () => ({ [Symbol.dispose]: () => {} }),
  begin: () => {},
  [Symbol.asyncDispose]: async () => {},
};

/** No loudspeaker. */
export const noLoudspeaker: Loudspeaker = { write: () => true, [Symbol.asyncDispose]: async () => {} };

function readWhole(path: string): Uint8Array {
  try {
    if (statSync(path).size > maxFileBytes) throw new Error("it is larger than 64 MiB");
    return readFileSync(path);
  } catch (cause) {
    throw new FatalError(`${path} cannot be read: ${messageOf(cause)}`, { code: "not-audio", cause });
  }
}

function openForWriting(path: string): number {
  try {
    return openSync(path, "w", 0o644);
  } catch (cause) {
    throw new FatalError(`${path} cannot be written: ${messageOf(cause)}`, { code: "bad-file", cause });
  }
}
