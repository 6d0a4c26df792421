import type { AudioCodec, AudioFormat } from "./format.ts";
import type { Frame } from "./frame.ts";
import type { PictureConversion, PictureConversionOptions } from "./picture-conversion.ts";
import type { Track } from "./track.ts";

/** Codecs of sound that browsers take and send, best first (RFC 7874); pictures depend on the browser, and are asked of its offer. */
export const browserAudioCodecs = ["opus", "pcmu", "pcma"] as const satisfies readonly AudioCodec[];

/** Whether browsers play sound of this format as it is, so that nothing has to be converted for them; G.711 as WebRTC knows it, 8 kHz and one channel. */
export function playsInBrowsers({ codec, sampleRateHz, channels }: AudioFormat): boolean {
  if (!(browserAudioCodecs as readonly AudioCodec[]).includes(codec)) return false;
  return codec === "opus" || (sampleRateHz === 8000 && channels === 1);
}

/** One running conversion of a stream of audio frames: push frames in, take frames out. */
export interface AudioConversion extends AsyncDisposable {
  readonly output: AudioFormat;
  /** Hands one frame in; returns at once (a bounded queue drops the oldest). */
  push(frame: Frame): void;
  /** What comes out, until `end` was called and everything is through, or the conversion is disposed. */
  readonly frames: AsyncIterable<Frame>;
  /** No more input; what is inside is flushed. */
  end(): void;
  /** Frames that were dropped because the conversion, or its reader, was behind; none where it does not say. */
  readonly droppedFrames?: number;
}

/** Sound of a file, decoded as fast as it is read. */
export interface DecodedFile extends AsyncDisposable {
  /** Duration in microseconds, if the container says it. */
  readonly durationUs: number | undefined;
  /** 20 ms blocks in the wanted format. The pull is the back-pressure. Throws FatalError for anything that is not sound. */
  readonly frames: AsyncIterable<Frame>;
}

/**
 * Where a file's bytes come from. `url` is http or https; unless `trusted` (an administrator gave it), addresses of
 * this machine, link-local, multicast and metadata addresses are refused.
 */
export type FileSource =
  | { readonly path: string }
  | { readonly bytes: AsyncIterable<Uint8Array> }
  | { readonly url: string; readonly trusted?: boolean };

/**
 * Conversions, behind one interface (implemented by `workers/ffmpeg`; passed in by `main.ts` and `cli/`).
 * Everything but a voice's decoding (media/opus-voice.ts) runs outside the caller's process.
 */
export interface Converter extends AsyncDisposable {
  /** Something will be converted soon: what converts starts, so that nobody waits for it. Never throws. */
  expect(): void;
  /** A track in `target`'s format fed from `source`. Shared: the same pair gives the same track while it has readers. */
  convertTrack(source: Track, target: AudioFormat): Promise<Track>;
  /** Makes H.264 without B pictures of any picture, from the kept group on. One's own: whoever shares it keeps count. */
  convertPicture(source: Track, options: PictureConversionOptions): PictureConversion;
  /** A conversion of one's own, e.g. of a talker's voice. `gain` multiplies samples (1 by default). */
  convertAudio(
    input: AudioFormat,
    options: { readonly output: AudioFormat; readonly gain?: number },
  ): Promise<AudioConversion>;
  /** Decodes any media file's sound. */
  decodeFile(
    source: FileSource,
    options: { readonly output: AudioFormat; readonly gain?: number; readonly signal?: AbortSignal },
  ): Promise<DecodedFile>;
  /** One picture as JPEG from a key frame of `track`'s format. `widthPx` scales down, keeping the shape. */
  snapshot(
    track: Pick<Track, "format" | "lastKeyFrame" | "read">,
    options?: { readonly widthPx?: number; readonly signal?: AbortSignal },
  ): Promise<Uint8Array>;
}
