import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { CodecContext, FormatContext } from "node-av/lib";
import { openCapture } from "./capture.ts";
import { VideoEncoder } from "./video-encoder.ts";

const camera = {
  ...{ format: "lavfi", url: "testsrc2=size=64x64:rate=30", tries: [{}] },
  ...{ widthPx: 64, heightPx: 64, fps: 30, bitrateBps: 100_000 },
};

/** Counts what is let go of. */
function counters({ mock }: TestContext) {
  return {
    codecs: mock.method(CodecContext.prototype, "freeContext").mock,
    inputs: mock.method(FormatContext.prototype, "closeInput").mock,
  };
}

describe("a device whose picture cannot be encoded", () => {
  it("is let go of once, with its decoder, when there is no encoder", async (test) => {
    test.mock.method(VideoEncoder, "open", () => Promise.reject(new Error("no encoder")));
    const { codecs, inputs } = counters(test);
    await assert.rejects(openCapture(camera), /no encoder/);
    assert.deepEqual([codecs.callCount(), inputs.callCount()], [1, 1]);
  });

  it("is let go of once, with its decoder and encoder, when the first picture fails", async (test) => {
    const { codecs, inputs } = counters(test);
    test.mock.method(VideoEncoder.prototype, "encode", () => {
      codecs.resetCalls(); // Encoders were tried before.
      return Promise.reject(new Error("no picture"));
    });
    await assert.rejects(openCapture(camera), /no picture/);
    assert.deepEqual([codecs.callCount(), inputs.callCount()], [2, 1]);
  });
});
