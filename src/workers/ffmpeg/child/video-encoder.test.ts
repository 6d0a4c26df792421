import assert from "node:assert/strict";
import { it, type TestContext } from "node:test";
import { AV_PIX_FMT_YUV420P } from "node-av/constants";
import { Codec } from "node-av/lib";
import { type EncoderKind, encoderKinds, VideoEncoder } from "./video-encoder.ts";

const form = { widthPx: 320, heightPx: 240, fps: 15 };
const kind = (name: string, hardware: boolean): EncoderKind => ({
  ...{ name, pixels: AV_PIX_FMT_YUV420P, options: { tune: "zerolatency" }, follows: false, hardware },
});

it("takes the first encoder that encodes a picture, and names the hardware that was tried in vain", async () => {
  // FFmpeg knows the second, which does not open with these pictures; nobody knows the first.
  const list = [kind("h264_nowhere", true), kind("h264_vaapi", true), ...encoderKinds.filter((one) => !one.hardware)];
  using encoder = await VideoEncoder.open(form, 500_000, list);
  assert.equal(encoder.name, "libx264");
  assert.deepEqual(encoder.refused, ["h264_vaapi"]);
});

it("takes hardware first where that works", async ({ mock }: TestContext) => {
  const software = Codec.findEncoderByName("libx264" as never);
  mock.method(Codec, "findEncoderByName", () => software);
  const list = [kind("h264_fake_hardware", true), ...encoderKinds.filter((one) => !one.hardware)];
  using encoder = await VideoEncoder.open(form, 500_000, list);
  assert.equal(encoder.name, "h264_fake_hardware");
  assert.deepEqual(encoder.refused, []);
});

it("says so where nothing encodes", async () => {
  await assert.rejects(VideoEncoder.open(form, 500_000, [kind("h264_nowhere", true)]), { code: "no-codec" });
});
