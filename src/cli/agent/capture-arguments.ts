import type { CaptureOptions } from "../../workers/ffmpeg/index.ts";
import { UsageError } from "../command.ts";

/** What the command line says of a picture that is encoded here. */
export interface PictureArguments {
  readonly size: string;
  readonly fps: string;
  readonly bitrate: string;
}

/** A device that films, and within which limits it is encoded. */
export interface CaptureArguments {
  readonly device: Omit<CaptureOptions, "bitrateBps">;
  readonly limits: { readonly minBps: number; readonly maxBps: number };
}

/** What cameras give, best first: what passes through, what most webcams give at this size, and what the driver likes. */
const formats = ["h264", "mjpeg"];

/**
 * `/dev/video0`, or `capture:KIND:NAME` with FFmpeg's name of a kind of device; undefined for what is no device. Throws UsageError
 * for a size, rate or limit that is none.
 */
export function parseCapture(source: string, picture: PictureArguments): CaptureArguments | undefined {
  const [, kind, name] = /^capture:([a-z0-9_]+):(.+)$/.exec(source) ?? [];
  const url = /^\/dev\/video\w+$/.test(source) ? source : name;
  if (url === undefined) return undefined;
  const [, widthPx, heightPx] = /^(\d{2,4})x(\d{2,4})$/.exec(picture.size) ?? [];
  if (!widthPx || !heightPx) throw new UsageError(`--size ${picture.size} is no size, as in 1280x720`);
  const fps = Number(picture.fps);
  if (!(fps >= 1 && fps <= 60)) throw new UsageError(`--fps ${picture.fps} is no number from 1 to 60`);
  const format = kind ?? "v4l2";
  const wishes = { video_size: picture.size, framerate: picture.fps };
  const tries =
    format === "v4l2" ? [...formats.map((input_format) => ({ ...wishes, input_format })), wishes, {}] : [{}];
  const size = { widthPx: Number(widthPx), heightPx: Number(heightPx) };
  return { device: { format, url, tries, ...size, fps }, limits: parseLimits(picture.bitrate) };
}

/** `300-2500`: kbit/s at least and at most. */
function parseLimits(text: string): CaptureArguments["limits"] {
  const [, min, max] = /^(\d{2,5})-(\d{2,5})$/.exec(text) ?? [];
  const limits = { minBps: Number(min) * 1000, maxBps: Number(max) * 1000 };
  if (limits.minBps <= limits.maxBps) return limits;
  throw new UsageError(`--bitrate ${text} is no range of kbit/s, as in 300-2500`);
}
