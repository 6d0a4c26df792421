import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import elementary from "../../src/drivers/elementary/index.ts";
import { FakeDevice } from "../contracts/fake-device.ts";
import { frameHashes, makeClip } from "../ffmpeg.ts";
import { startFfmpegCamera } from "../peers/ffmpeg-camera.ts";

for (const [codec, muxer] of [
  ["h264", "h264"],
  ["h265", "hevc"],
] as const) {
  test(`${codec}: ffmpeg as camera; what it sends is what a reader gets, bit for bit`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "doorward-"));
    await using cleanUp = new AsyncDisposableStack();
    cleanUp.defer(() => rm(folder, { recursive: true }));
    const clip = makeClip({ codec, frames: 60, slices: 2 });
    const file = join(folder, `clip.${muxer}`);
    await writeFile(file, clip);
    const camera = cleanUp.use(await startFfmpegCamera({ file, muxer, readRate: 10 }));
    const device = new FakeDevice();
    const frames: Uint8Array[] = [];
    const reading = device
      .until(() => device.video !== undefined)
      .then(async () => {
        using reader = device.video!.read();
        while (frames.length < 59) frames.push((await reader.next())!.data);
      });
    let refused = true;
    while (refused) {
      const error = await elementary.run(device, elementary.config.parse({ address: camera.address })).catch((e) => e);
      refused = (error as { code?: string }).code === "unreachable"; // ffmpeg does not listen yet
    }
    await reading;
    assert.deepEqual(frameHashes(Buffer.concat(frames), codec), frameHashes(clip, codec).slice(0, 59));
  });
}
