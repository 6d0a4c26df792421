import type { Converter } from "../../media/convert.ts";
import type { Frame } from "../../media/frame.ts";
import { openG711Voice } from "../../media/g711-voice.ts";
import { openOpusVoice } from "../../media/opus-voice.ts";
import { openPcmVoice } from "../../media/pcm-voice.ts";
import { background } from "../../util/background.ts";
import { openAudioConversion } from "./audio.ts";
import { type Capture, openCapture } from "./capture.ts";
import { openDecodedFile } from "./file.ts";
import { FfmpegLink, type FfmpegOptions } from "./link.ts";
import type { CaptureOptions, SceneOptions } from "./messages.ts";
import { createSnapshots } from "./snapshot.ts";
import { type Clip, generateClip, type MediaStreams, openFileStreams, openSceneStreams } from "./streams.ts";
import { generateTone, type ToneOptions } from "./tone.ts";
import { createTrackConversions } from "./track.ts";
import { Transcoding } from "./transcode.ts";

export type { Capture } from "./capture.ts";
export type { FfmpegOptions } from "./link.ts";
export type { CaptureOptions, SceneOptions, StreamFrame } from "./messages.ts";
export type { Clip, MediaStreams } from "./streams.ts";
export type { ToneOptions } from "./tone.ts";

/** The converter, and what the file driver, the fakes and the doctor ask of FFmpeg besides. */
export interface FfmpegWorker extends Converter {
  /** The child's process id while it runs. */
  readonly pid: number | undefined;
  /** Resolves once FFmpeg's libraries are known to load; throws FatalError `no-ffmpeg` when they do not. */
  available(): Promise<void>;
  /** The streams of a media file, unchanged, once from beginning to end. */
  openFile(path: string): Promise<MediaStreams>;
  /** A made-up camera: drawn pictures with a running clock, and a bell every second if it has a tone. */
  openScene(scene: Partial<SceneOptions>): Promise<MediaStreams>;
  /** What a device films, in H.264: its own, or encoded. */
  openCapture(options: CaptureOptions): Promise<Capture>;
  /** This many seconds of a made-up camera's pictures, all at once. */
  generateClip(scene: Partial<SceneOptions> & { readonly seconds: number }): Promise<Clip>;
  /** This many seconds of a bell that is struck every second. */
  generateTone(options: ToneOptions): Promise<Frame[]>;
}

/**
 * Conversions by FFmpeg's libraries in a child process, which starts with the first of them and ends when it was idle
 * for 30 s. Without the optional package `node-av` everything but a talker's voice, which needs no FFmpeg, throws FatalError `no-ffmpeg`. The caller disposes it.
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
    expect: () => background(link.available(), (err) => log.debug({ err }, "FFmpeg is not ready before it is needed")),
    openFile: (path) => openFileStreams(link, path),
    openScene: (scene) => openSceneStreams(link, scene),
    openCapture: (capture) => openCapture(link, capture),
    generateClip: (scene) => generateClip(link, scene),
    generateTone: (tone) => generateTone(link, { ...tone, log }),
    convertTrack,
    convertPicture: (source, how) => new Transcoding(link, { source, ...how, log }),
    convertAudio: async (input, { output, gain = 1 }) =>
      (await openOpusVoice(input, { output, gain })) ??
      (await openPcmVoice(input, { output, gain })) ??
      (await openG711Voice(input, { output, gain })) ??
      (await openAudioConversion(link, { input, output, gain })),
    decodeFile: (source, decode) => openDecodedFile(link, source, { ...decode, log }),
    snapshot: createSnapshots(link),
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}
