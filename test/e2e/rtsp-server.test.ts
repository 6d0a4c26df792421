import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { frameHashes } from "../ffmpeg.ts";
import { clipFrames, playInto, run, startRtspHouse } from "../rtsp-house.ts";

const pictures = 20;

/** The pictures that ffmpeg reads, by their hashes. */
async function readByFfmpeg(
  address: string,
  transport: "tcp" | "udp",
  more: readonly string[] = [],
): Promise<string[]> {
  const source = ["-rtsp_transport", transport, ...more, "-i", address, "-an", "-frames:v", String(pictures)];
  const { code, stdout, stderr } = await run("ffmpeg", [
    ...["-v", "error", "-nostdin", ...source, "-fps_mode", "passthrough", "-f", "framemd5", "-"],
  ]);
  assert.equal(code, 0, stderr);
  const lines = stdout.toString().split("\n");
  return lines.filter((line) => /^0,/.test(line)).map((line) => line.split(",").at(-1)?.trim() ?? "");
}

describe("ffmpeg as a reader of the hub's RTSP", { concurrency: 3 }, () => {
  for (const codec of ["h264"] as const) {
    for (const transport of ["tcp"] as const) {
      it(`${codec} over ${transport}: every picture bit by bit, from the kept group on`, async () => {
        const { clip, frames } = clipFrames({ codec, frames: 100, keyInterval: 100 });
        await using house = await startRtspHouse({ yard: "fake://x/?video" });
        const track = await house.track("yard", "video");
        using _playing = playInto(track, frames, { once: true });
        const got = await readByFfmpeg(house.address("yard"), transport);
        assert.deepEqual(got, frameHashes(clip, codec).slice(0, pictures));
      });
    }
  }
});
