import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { frameHashes, jpegHashes, makeJpegs } from "../ffmpeg.ts";
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

/** Ways of reading, each with a picture: all of them in a few seconds. */
const ways = [
  { codec: "h264", transport: "tcp", scheme: "rtsp" },
  { codec: "h264", transport: "udp", scheme: "rtsp" },
  { codec: "h265", transport: "tcp", scheme: "rtsps" },
  { codec: "h265", transport: "udp", scheme: "rtsp" },
] as const;

describe("ffmpeg as a reader of the hub's RTSP", { concurrency: 4 }, () => {
  for (const { codec, transport, scheme } of ways) {
    it(`${codec} over ${transport}, ${scheme}: every picture bit by bit, from the kept group on`, async () => {
      const { clip, frames } = clipFrames({ codec, frames: 100, keyInterval: 100 });
      await using house = await startRtspHouse({ yard: codec === "h264" ? "fake://x/?video" : "fake://x/?video&h265" });
      const track = await house.track("yard", "video");
      using _playing = playInto(track, frames, { once: true });
      const got = await readByFfmpeg(house.address("yard", { scheme }), transport);
      assert.deepEqual(got, frameHashes(clip, codec).slice(0, pictures));
    });
  }

  it("MJPEG as the camera sends it, not converted: every picture pixel by pixel", async () => {
    const files = makeJpegs({ frames: 100 });
    await using house = await startRtspHouse({ yard: "fake://x/?video&mjpeg" });
    const track = await house.track("yard", "video");
    using _playing = playInto(
      track,
      files.map((data) => ({ data, key: true })),
    );
    const got = await readByFfmpeg(house.address("yard", { scheme: "rtsp" }), "tcp");
    const sent = jpegHashes(files);
    const first = sent.indexOf(got[0] ?? "");
    assert.deepEqual(
      got,
      got.map((_, n) => sent[(first + n) % sent.length]),
    );
    assert.deepEqual(house.rig.hub.pictures.list(), []);
  });
});
