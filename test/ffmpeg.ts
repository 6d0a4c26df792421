import { execFileSync } from "node:child_process";

/** Runs Debian's ffmpeg quietly and gives what it writes to standard output. Fails with a sentence if it is not installed. */
export function ffmpeg(args: readonly string[], input?: Uint8Array): Buffer {
  try {
    return execFileSync("ffmpeg", ["-v", "error", "-nostdin", ...args], {
      ...(input ? { input } : {}),
      maxBuffer: 256 * 1024 * 1024,
      stdio: ["pipe", "pipe", "pipe"],
    });
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") {
      throw new Error("this test needs ffmpeg: install the Debian package ffmpeg", { cause: error });
    }
    throw error;
  }
}

/** Options of {@link makeClip}. */
export interface ClipOptions {
  readonly codec: "h264" | "h265";
  /** 50 by default. */
  readonly frames?: number;
  /** 25 by default. */
  readonly frameRate?: number;
  /** 320x240 by default. */
  readonly size?: string;
  /** Frames from key frame to key frame; 25 by default. */
  readonly keyInterval?: number;
  /** 0 by default. */
  readonly bFrames?: number;
  /** Slices per picture (H.264); 1 by default. */
  readonly slices?: number;
}

/** A moving test picture as Annex B, made by libx264 or libx265. Takes some 100 ms. */
export function makeClip(options: ClipOptions): Buffer {
  const frameRate = options.frameRate ?? 25;
  const source = `testsrc2=size=${options.size ?? "320x240"}:rate=${frameRate}`;
  const { keyInterval = 25, bFrames = 0, frames = 50, slices = 1 } = options;
  const coder =
    options.codec === "h264"
      ? ["-c:v", "libx264", "-preset", "ultrafast", "-slices", `${slices}`, "-bf", `${bFrames}`, "-g", `${keyInterval}`]
      : [
          ...["-c:v", "libx265", "-preset", "ultrafast", "-x265-params"],
          `log-level=none:keyint=${keyInterval}:min-keyint=${keyInterval}:bframes=${bFrames}:repeat-headers=1`,
        ];
  const muxer = options.codec === "h264" ? "h264" : "hevc";
  return ffmpeg([
    ...["-f", "lavfi", "-i", source, "-frames:v", `${frames}`, "-pix_fmt", "yuv420p", "-threads", "1"],
    ...[...coder, "-f", muxer, "-"],
  ]);
}

/** A moving test picture as JPEG files, as a camera's encoder makes them: 4:2:0, the usual Huffman tables. */
export function makeJpegs(options: { readonly frames: number; readonly size?: string }): Uint8Array[] {
  const bytes = ffmpeg([
    ...["-f", "lavfi", "-i", `testsrc2=size=${options.size ?? "320x240"}:rate=25`, "-frames:v", `${options.frames}`],
    ...["-c:v", "mjpeg", "-huffman", "default", "-pix_fmt", "yuvj420p", "-q:v", "4", "-f", "mjpeg", "-"],
  ]);
  const starts = [...bytes.keys()].filter((at) => bytes.readUInt32BE(Math.min(at, bytes.length - 4)) === 0xffd8ffe0);
  return starts.map((at, n) => bytes.subarray(at, starts[n + 1]));
}

/** MD5 of each decoded picture of an Annex B stream, in output order: what ffmpeg's `framemd5` says. */
export function frameHashes(annexB: Uint8Array, codec: "h264" | "h265"): string[] {
  const text = ffmpeg(["-f", codec === "h264" ? "h264" : "hevc", "-i", "pipe:0", "-f", "framemd5", "-"], annexB);
  return text
    .toString()
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(",").at(-1)!.trim());
}

/** MD5 of each decoded picture of JPEG files. */
export function jpegHashes(files: readonly Uint8Array[]): string[] {
  const text = ffmpeg(
    ["-f", "mjpeg", "-i", "pipe:0", "-fps_mode", "passthrough", "-f", "framemd5", "-"],
    Buffer.concat(files),
  );
  const lines = text.toString().split("\n");
  return lines.filter((line) => /^0,/.test(line)).map((line) => line.split(",").at(-1)?.trim() ?? "");
}
