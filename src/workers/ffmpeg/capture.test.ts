import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { temporaryFolder } from "../../../test/e2e/page-browser.ts";
import { ffmpeg, makeClip } from "../../../test/ffmpeg.ts";
import { splitAnnexB } from "../../codecs/annexb.ts";
import { FatalError } from "../../util/errors.ts";
import type { CaptureOptions } from "./index.ts";
import { openConverter } from "./testing.ts";

const converter = openConverter();
after(() => converter[Symbol.asyncDispose]());

/** FFmpeg's test picture as it would come from a webcam: `pixels` of its own, 30 a second. */
const webcam = (pixels: string, more: Partial<CaptureOptions> = {}): CaptureOptions => ({
  format: "lavfi",
  url: `testsrc2=size=640x360:rate=30,format=${pixels},realtime`,
  tries: [{}],
  widthPx: 1280,
  heightPx: 720,
  fps: 30,
  bitrateBps: 800_000,
  ...more,
});

const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Hard to encode; 60 a second. */
const noise = "testsrc2=size=640x360:rate=60,noise=alls=40:allf=t,format=yuyv422,realtime=limit=10";

describe("a device that films", () => {
  for (const pixels of ["yuyv422", "yuvj422p", "rgb24"]) {
    it(`is encoded where it gives ${pixels}: H.264 that begins with a key frame, at its own pace`, async () => {
      using capture = await converter.openCapture(webcam(pixels));
      assert.match(capture.encoder ?? "", /264/);
      const { codec, widthPx, heightPx } = capture.format as { codec: string; widthPx?: number; heightPx?: number };
      assert.deepEqual([codec, widthPx, heightPx], ["h264", 640, 360]);
      const times: number[] = [];
      for await (const { key, timestampUs } of capture.frames) {
        assert.equal(key, times.length === 0);
        times.push(timestampUs);
        if (times.length === 15) break;
      }
      assert.equal(times[0], 0);
      assert.ok(Math.abs((times.at(-1) ?? 0) - 466_667) < 40_000, `${times.at(-1)}`);
    });
  }

  it("gives a key frame when it is asked for one, and follows the bit rate", async () => {
    using capture = await converter.openCapture(webcam("yuyv422", { url: noise, bitrateBps: 1_600_000 }));
    const keys: number[] = [];
    const bytes = [0, 0];
    let n = 0;
    for await (const { data, key } of capture.frames) {
      if (key) keys.push(n);
      if (n >= 30 && n < 60) bytes[0]! += data.length;
      if (n >= 90 && n < 120) bytes[1]! += data.length;
      if (n === 59) capture.tune({ bitrateBps: 400_000 });
      if (n === 20) capture.tune({ keyFrame: true });
      if (++n === 120) break;
    }
    assert.equal(keys.length, 2);
    assert.ok((keys[1] ?? 0) > 20 && (keys[1] ?? 99) < 28, `${keys}`);
    const [before = 0, after = 0] = bytes.map((sum) => (sum * 8 * 2) / 1000);
    assert.ok(before > 1200 && before < 2000, `${before} kbit/s`);
    assert.ok(after > 250 && after < 600, `${after} kbit/s`);
  });

  it("is decoded and encoded where it gives JPEG, and passes through unchanged where it gives H.264", async () => {
    await using folder = await temporaryFolder();
    const clip = makeClip({ codec: "h264", frames: 10 });
    const [jpeg, h264] = [join(folder.path, "webcam.mjpeg"), join(folder.path, "camera.h264")];
    await writeFile(h264, clip);
    await writeFile(jpeg, ffmpeg(["-f", "h264", "-i", "pipe:0", "-f", "mjpeg", "-q:v", "3", "-"], clip));
    using encoded = await converter.openCapture(webcam("", { format: "mjpeg", url: jpeg }));
    assert.match(encoded.encoder ?? "", /264/);
    assert.equal((encoded.format as { widthPx?: number }).widthPx, 320);
    using passed = await converter.openCapture(webcam("", { format: "h264", url: h264 }));
    assert.equal(passed.encoder, undefined);
    const slices: string[] = [];
    for await (const { data } of passed.frames) {
      slices.push(...splitAnnexB(data).flatMap((nal) => ([1, 5].includes(nal[0]! & 31) ? hash(nal) : [])));
      if (slices.length === 10) break;
    }
    const sent = splitAnnexB(clip).filter((nal) => [1, 5].includes(nal[0]! & 31));
    assert.deepEqual(slices, sent.slice(0, 10).map(hash));
  });

  it("is made smaller than it is where less is wanted", async () => {
    using capture = await converter.openCapture(webcam("yuyv422", { widthPx: 320, heightPx: 240 }));
    const { widthPx, heightPx } = capture.format as { widthPx?: number; heightPx?: number };
    assert.deepEqual([widthPx, heightPx], [320, 180]);
  });

  it("that is not there is named, and one that does not open as wished is opened otherwise", async () => {
    const absent = { ...webcam(""), format: "v4l2", url: "/dev/video99" };
    await assert.rejects(converter.openCapture(absent), /\/dev\/video99 cannot be opened: No such file/);
    await assert.rejects(converter.openCapture({ ...absent, format: "nothing" }), FatalError);
    const tries: CaptureOptions["tries"] = [{ graph: "no such filter" }, {}];
    using capture = await converter.openCapture({ ...webcam("yuyv422"), tries });
    assert.ok(capture.encoder);
  });
});
