import { spawn } from "node:child_process";
import { once } from "node:events";
import { freePort } from "../free-port.ts";

/** Debian's ffmpeg serves `file` as it is, at `readRate` times its speed, to the first client at the address. */
export async function startFfmpegCamera(options: {
  readonly file: string;
  readonly muxer: "h264" | "hevc";
  readonly readRate: number;
}): Promise<{ readonly address: string } & AsyncDisposable> {
  const { file, muxer, readRate } = options;
  const address = `tcp://127.0.0.1:${await freePort()}`;
  const input = ["-v", "error", "-nostdin", "-readrate", `${readRate}`, "-f", muxer, "-i", file];
  const child = spawn("ffmpeg", [...input, "-c", "copy", "-f", muxer, `${address}?listen=1`], { stdio: "inherit" });
  const ended = once(child, "exit").catch((cause: unknown) => {
    throw new Error("this test needs ffmpeg: install the Debian package ffmpeg", { cause });
  });
  return {
    address,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await ended;
    },
  };
}
