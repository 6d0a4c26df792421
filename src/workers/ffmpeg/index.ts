import type { Converter } from "../../media/convert.ts";
import { openAudioConversion } from "./audio.ts";
import { openDecodedFile } from "./file.ts";
import { FfmpegLink, type FfmpegOptions } from "./link.ts";
import { createSnapshots } from "./snapshot.ts";
import { createTrackConversions } from "./track.ts";

export type { FfmpegOptions } from "./link.ts";

/** The converter, and what only tests and the doctor ask of it. */
export interface FfmpegWorker extends Converter {
  /** The child's process id while it runs. */
  readonly pid: number | undefined;
  /** Resolves once FFmpeg's libraries are known to load; throws FatalError `no-ffmpeg` when they do not. */
  available(): Promise<void>;
}

/**
 * Conversions by FFmpeg's libraries in a child process, which starts with the first of them and ends when it was idle
 * for 30 s. Without the optional package `node-av` everything throws FatalError `no-ffmpeg`. The caller disposes it.
 */
export function createConverter(options: FfmpegOptions): FfmpegWorker {
  const link = new FfmpegLink(options);
  const { clock, log } = options;
  const convertTrack = createTrackConversions(link, { clock, log });
  return {
    get pid() {
      return link.pid;
    },
    available: () => link.available(),
    convertTrack,
    convertAudio: (input, { output, gain }) => openAudioConversion(link, { input, output, gain: gain ?? 1 }),
    decodeFile: (source, decode) => openDecodedFile(link, source, { ...decode, log }),
    snapshot: createSnapshots(link),
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}
