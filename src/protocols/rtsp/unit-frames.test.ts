import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { splitAnnexB } from "../../codecs/annexb.ts";
import type { AudioFormat, Format } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import type { RtpUnit } from "../rtp/depacketize.ts";
import { audioDurationUs, createAudioFrames, createVideoFrames } from "./unit-frames.ts";

const sps = new Uint8Array(Buffer.from("Z0LAFdkBQfsBagwMDUoAAAMAAgAAAwA9HixckA==", "base64"));
const pps = new Uint8Array(Buffer.from("aMuMsg==", "base64"));
const idr = Uint8Array.of(0x65, 0x88, 0x84);
const slice = Uint8Array.of(0x41, 0x9a, 0x02);

function sink() {
  const frames: Frame[] = [];
  const formats: Format[] = [];
  return {
    frames,
    formats,
    write: (frame: Frame) => void frames.push(frame),
    updateFormat: (format: Format) => void formats.push(format),
  };
}

const unit = (nals: readonly Uint8Array[], complete = true): RtpUnit => ({
  nals,
  data: new Uint8Array(0),
  timestamp: 0,
  complete,
  gap: !complete,
});

describe("pictures", () => {
  const unknown = { kind: "video", codec: "h264", parameterSets: [] } as const;

  test("begin with a key frame whose sets are known", () => {
    const out = sink();
    const frames = createVideoFrames(unknown, out);
    for (const nals of [[slice], [idr], [sps, pps, idr], [slice]]) frames.push(unit(nals), { timestampUs: 5 });
    assert.deepEqual(
      out.frames.map(({ key }) => key),
      [true, false],
    );
    assert.deepEqual(splitAnnexB(out.frames[0]?.data ?? idr).length, 3);
    const [format] = out.formats;
    assert.ok(format?.kind === "video" && format.widthPx === 320);
  });

  test("a key frame is wanted where what comes is of no use without one, and not otherwise", () => {
    const out = sink();
    let wanted = 0;
    const frames = createVideoFrames({ ...unknown, parameterSets: [sps, pps] }, out, {
      onKeyFrameWanted: () => wanted++,
    });
    const push = (nal: Uint8Array, complete = true) => frames.push(unit([nal], complete), { timestampUs: 5 });
    push(slice);
    assert.equal(wanted, 1, "the stream begins in the middle");
    push(idr);
    push(slice);
    push(slice, false);
    assert.equal(wanted, 1, "a hole in another picture is shown");
    push(idr, false);
    push(slice);
    assert.equal(wanted, 3);
  });

  test("sets of the description stand before every key frame, once", () => {
    const out = sink();
    const frames = createVideoFrames({ ...unknown, parameterSets: [sps, pps] }, out);
    for (const nals of [[idr], [sps, pps, idr]]) frames.push(unit(nals), { timestampUs: 5 });
    assert.deepEqual(
      out.frames.map(({ data }) => splitAnnexB(data).length),
      [3, 3],
    );
    assert.equal(out.formats.length, 0);
  });

  test("say when they are shown as soon as it is seen that they come in another order", () => {
    const out = sink();
    const frames = createVideoFrames(unknown, out);
    const b = Uint8Array.of(0x01, 0x9e, 0x02);
    for (const [nals, shownUs] of [
      [[sps, pps, idr], 0],
      [[slice], 9],
      [[b], 3],
      [[b], 6],
      [[slice], 18],
    ] as const)
      frames.push(unit(nals), { timestampUs: 20, shownUs });
    assert.deepEqual(
      out.frames.map(({ shownUs }) => shownUs),
      [undefined, undefined, undefined, 6, 18],
    );
  });

  test("with a hole are dropped; after a key frame with a hole, all up to the next", () => {
    const out = sink();
    const frames = createVideoFrames({ ...unknown, parameterSets: [sps, pps] }, out);
    const script: readonly [Uint8Array, boolean][] = [
      [idr, true],
      [slice, false],
      [slice, true],
      [idr, false],
      [slice, true],
      [idr, true],
    ];
    for (const [nal, complete] of script) frames.push(unit([nal], complete), { timestampUs: 5 });
    assert.deepEqual(
      out.frames.map(({ key }) => key),
      [true, false, true],
    );
  });
});

describe("sound", () => {
  const formats: readonly [AudioFormat, number, number][] = [
    [{ kind: "audio", codec: "pcma", sampleRateHz: 8000, channels: 1 }, 160, 20_000],
    [{ kind: "audio", codec: "g722", sampleRateHz: 16_000, channels: 1 }, 160, 20_000],
    [{ kind: "audio", codec: "pcm_s16le", sampleRateHz: 44_100, channels: 2 }, 1764, 10_000],
    [{ kind: "audio", codec: "aac", sampleRateHz: 16_000, channels: 1 }, 99, 64_000],
  ];
  for (const [format, bytes, durationUs] of formats) {
    test(`${bytes} bytes of ${format.codec} last ${durationUs} µs`, () => {
      assert.equal(audioDurationUs(format, new Uint8Array(bytes)), durationUs);
    });
  }

  test("is copied out of the receive buffer; what cannot be played is dropped", () => {
    const out = sink();
    const frames = createAudioFrames({ kind: "audio", codec: "opus", sampleRateHz: 48_000, channels: 2 }, out);
    const data = Uint8Array.of(0xfc, 1, 2);
    frames.push({ ...unit([]), data }, { timestampUs: 7 });
    frames.push({ ...unit([]), data: Uint8Array.of(0xff, 0) }, { timestampUs: 8 });
    data.fill(0);
    assert.deepEqual(out.frames, [{ data: Uint8Array.of(0xfc, 1, 2), key: true, timestampUs: 7, durationUs: 20_000 }]);
  });
});
