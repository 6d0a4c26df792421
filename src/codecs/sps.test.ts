import assert from "node:assert/strict";
import { test } from "node:test";
import { ffmpeg, makeClip } from "../../test/ffmpeg.ts";
import { WireError } from "../util/errors.ts";
import { splitAnnexB } from "./annexb.ts";
import { isH264Key, parseAvcC, parseH264Sps } from "./h264/index.ts";
import { isH265Key, parseH265Sps, parseHvcC } from "./h265/index.ts";
import { nalFacts } from "./nal.ts";
import { videoFormat } from "./video-format.ts";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));

/** SPS units as devices send them. */
const h264Table = [
  {
    from: "DVD-sized camera",
    hex: "6742c01e da02d0f6 84000003 00040000 0300ca3c 58ba80",
    widthPx: 720,
    heightPx: 480,
    profile: "42c01e",
  },
  {
    from: "1080p main, SDP",
    hex: "674d002a95a81e0089f966e020202040",
    widthPx: 1920,
    heightPx: 1080,
    profile: "4d002a",
  },
];

test("H.264 SPS of devices", () => {
  for (const { from, hex, widthPx, heightPx, profile } of h264Table) {
    const sps = parseH264Sps(bytes(hex));
    assert.deepEqual([sps.widthPx, sps.heightPx, sps.profile], [widthPx, heightPx, profile], from);
  }
});

const sizes = [
  { size: "320x240", frameRate: 25 },
  { size: "1920x1080", frameRate: 30 },
  { size: "642x362", frameRate: 12 },
  { size: "854x480", frameRate: 15 },
];

for (const codec of ["h264", "h265"] as const) {
  test(`${codec}: size and frame rate of what the encoder was told`, () => {
    for (const { size, frameRate } of sizes) {
      const sets = splitAnnexB(makeClip({ codec, size, frameRate, frames: 1 })).filter(
        (nal) => nalFacts[codec].setRank(nal) >= 0,
      );
      const format = videoFormat(codec, sets);
      assert.equal(`${format.widthPx}x${format.heightPx}`, size);
      assert.equal(format.frameRate, frameRate);
      assert.match(format.profile ?? "", codec === "h264" ? /^[0-9a-f]{6}$/ : /^main L\d+$/);
    }
  });
}

test("H.264: whether pictures may come in another order than they are shown", () => {
  for (const bFrames of [0, 3]) {
    const sps = splitAnnexB(makeClip({ codec: "h264", frames: 1, bFrames })).find(nalFacts.h264.isSps);
    assert.equal(parseH264Sps(sps!).mayReorder, bFrames > 0 ? true : undefined);
  }
  // With HRD parameters in front of it.
  const hrd = ffmpeg([
    ...["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25", "-frames:v", "1", "-c:v", "libx264", "-bf", "2"],
    ...["-x264-params", "nal-hrd=vbr:vbv-maxrate=500:vbv-bufsize=500", "-f", "h264", "-"],
  ]);
  const { mayReorder, frameRate } = parseH264Sps(splitAnnexB(hrd).find(nalFacts.h264.isSps)!);
  assert.deepEqual([mayReorder, frameRate], [true, 25]);
});

test("interlaced, 4:4:4 and scaling lists do not disturb the H.264 size", () => {
  for (const options of [
    ["-flags", "+ildct+ilme"],
    ["-pix_fmt", "yuv444p"],
    ["-x264-params", "cqm=jvt"],
  ]) {
    const clip = ffmpeg([
      ...["-f", "lavfi", "-i", "testsrc2=size=720x576:rate=25", "-frames:v", "1", "-c:v", "libx264"],
      ...[...options, "-f", "h264", "-"],
    ]);
    const sps = splitAnnexB(clip).find((nal) => nalFacts.h264.isSps(nal));
    const { widthPx, heightPx } = parseH264Sps(sps!);
    assert.deepEqual([widthPx, heightPx], [720, 576], options.join(" "));
  }
});

test("a key frame is judged by its own codec: type 5 of H.265 is none", () => {
  const h265Type5 = Uint8Array.of(5 << 1, 1, 0x80);
  const h264Idr = Uint8Array.of(0x65, 0x88, 0x84);
  assert.equal(isH265Key([h265Type5]), false);
  assert.equal(isH264Key([h264Idr]), true);
  assert.equal(isH265Key([Uint8Array.of(0x2a, 1, 0x80)]), true, "CRA");
  assert.equal(isH264Key([Uint8Array.of(0x41, 0x9a)]), false);
});

test("parameter sets out of avcC and hvcC are those of the stream", () => {
  for (const codec of ["h264", "h265"] as const) {
    const clip = makeClip({ codec, frames: 1 });
    const muxer = codec === "h264" ? "h264" : "hevc";
    const mp4 = ffmpeg(["-f", muxer, "-i", "pipe:0", "-c", "copy", "-f", "ismv", "pipe:1"], clip);
    const box = mp4.indexOf(codec === "h264" ? "avcC" : "hvcC");
    const record = mp4.subarray(box + 4, box - 4 + mp4.readUInt32BE(box - 4));
    const { lengthSize, parameterSets } = codec === "h264" ? parseAvcC(record) : parseHvcC(record);
    const expected = splitAnnexB(clip).filter((nal) => nalFacts[codec].setRank(nal) >= 0);
    assert.equal(lengthSize, 4);
    assert.deepEqual(
      parameterSets.filter((nal) => nalFacts[codec].setRank(nal) >= 0).map((nal) => Buffer.from(nal).toString("hex")),
      expected.map((nal) => Buffer.from(nal).toString("hex")),
    );
  }
});

test("what is no parameter set is refused", () => {
  assert.throws(() => parseH264Sps(Uint8Array.of(0x67, 1)), WireError);
  assert.throws(() => parseH264Sps(bytes("68ee3c80")), WireError);
  assert.throws(() => parseH265Sps(bytes("4001ff")), WireError);
  assert.throws(() => parseAvcC(bytes("0164001effe1ffff67")), WireError);
  assert.throws(() => parseHvcC(new Uint8Array(23).fill(0xff)), WireError);
  assert.deepEqual(videoFormat("h264", [bytes("67ff")]).widthPx, undefined);
});
