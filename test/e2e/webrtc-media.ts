import { AccessUnitSplitter } from "../../src/codecs/access-unit.ts";
import { encodeG711 } from "../../src/codecs/g711/index.ts";
import { createOpusEncoder } from "../../src/codecs/opus/index.ts";
import { ParameterSetKeeper } from "../../src/codecs/video-format.ts";
import type { AudioFormat, Format, NalCodec, VideoFormat } from "../../src/media/format.ts";
import { opusFormat } from "../../src/media/format.ts";
import { Track } from "../../src/media/track.ts";
import { systemClock } from "../../src/util/clock.ts";
import { ffmpeg } from "../ffmpeg.ts";

/** Encoded media as a track carries it, played in a loop. */
export interface Clip {
  readonly format: Format;
  readonly frames: readonly { readonly data: Uint8Array; readonly key: boolean }[];
  readonly frameUs: number;
}

/** Access units of an Annex B stream as the hub's tracks carry them. */
export function videoClip(annexB: Uint8Array, options: { readonly codec: NalCodec; readonly frameRate: number }): Clip {
  const splitter = new AccessUnitSplitter({ codec: options.codec });
  const keeper = new ParameterSetKeeper(options.codec);
  const frames = [...splitter.push(annexB), ...splitter.flush()].flatMap((unit) => keeper.prepare(unit.nals) ?? []);
  return { format: keeper.format satisfies VideoFormat, frames, frameUs: 1e6 / options.frameRate };
}

/** Bits of the number that {@link numberedClip} paints. */
export const numberBits = 9;

/**
 * H.264 of 360x240: the left half red, the right half blue, and at the bottom the frame's number as white and black squares
 * of 40 pixels, the lowest bit first.
 */
export function numberedClip(options: {
  readonly frames: number;
  readonly keyInterval: number;
  /** Enlarges all of it. */
  readonly times?: number;
}): Clip {
  const { times = 1 } = options;
  const bits = Array.from({ length: numberBits }, (_, bit) => {
    const box = (color: string) => `drawbox=x=${bit * 40}:y=200:w=40:h=40:t=fill:color=${color}`;
    return `${box("black")},${box("white")}:enable='eq(mod(floor(n/${2 ** bit}),2),1)'`;
  });
  const source = "color=red:s=180x240:r=25[l];color=blue:s=180x240:r=25[r];[l][r]hstack";
  const annexB = ffmpeg([
    ...[
      "-f",
      "lavfi",
      "-i",
      `${source},${bits.join(",")},scale=iw*${times}:ih*${times}`,
      "-frames:v",
      `${options.frames}`,
      "-pix_fmt",
      "yuv420p",
    ],
    ...["-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "high", "-threads", "1"],
    ...["-g", `${options.keyInterval}`, "-keyint_min", `${options.keyInterval}`, "-sc_threshold", "0"],
    ...["-f", "h264", "-"],
  ]);
  return videoClip(annexB, { codec: "h264", frameRate: 25 });
}

/** One second of a sine that repeats without a click, in frames of 20 ms. */
export async function toneClip(codec: "opus" | "pcmu" | "pcma", hz: number): Promise<Clip> {
  const rate = codec === "opus" ? 48_000 : 8000;
  const channels = codec === "opus" ? 2 : 1;
  const block = rate / 50;
  const blocks = Array.from({ length: 50 }, (_, n) => {
    const pcm = new Int16Array(block * channels);
    for (let i = 0; i < pcm.length; i++) {
      const t = (n * block + Math.floor(i / channels)) / rate;
      pcm[i] = Math.round(Math.sin(2 * Math.PI * hz * t) * 12_000);
    }
    return new Uint8Array(pcm.buffer);
  });
  if (codec !== "opus") {
    const format: AudioFormat = { kind: "audio", codec, sampleRateHz: rate, channels };
    return { format, frameUs: 20_000, frames: blocks.map((pcm) => ({ data: encodeG711(codec, pcm), key: true })) };
  }
  using encoder = await createOpusEncoder({ sampleRateHz: 48_000, channels: 2, application: "audio" });
  return {
    format: opusFormat,
    frameUs: 20_000,
    frames: blocks.map((pcm) => ({ data: encoder.encode(pcm).slice(), key: true })),
  };
}

/** A clip that plays into its track as a camera would. */
export interface Playing extends Disposable {
  readonly track: Track;
  /** When each frame of the clip was last written, ms since 1970. */
  readonly writtenAtMs: readonly number[];
}

/** Plays a clip in a loop, on time, until disposed. `id` is the track's. */
export function playClip(clip: Clip, id: string): Playing {
  const track = new Track(clip.format, { id, clock: systemClock });
  const writtenAtMs: number[] = [];
  const startUs = systemClock.nowUs();
  let written = 0;
  const timer = setInterval(() => {
    for (let dueUs = startUs + written * clip.frameUs; dueUs <= systemClock.nowUs(); dueUs += clip.frameUs) {
      const at = written++ % clip.frames.length;
      const { data, key } = clip.frames[at]!;
      writtenAtMs[at] = Date.now();
      track.write({ data, key, timestampUs: Math.round(dueUs) });
    }
  }, 5);
  return {
    track,
    writtenAtMs,
    [Symbol.dispose]: () => {
      clearInterval(timer);
      track.close();
    },
  };
}
