import assert from "node:assert/strict";
import { test } from "node:test";
import { makeClip } from "../../test/ffmpeg.ts";
import { splitAnnexB } from "./annexb.ts";
import { codecString } from "./codec-string.ts";
import { nalFacts } from "./nal.ts";
import { videoFormat } from "./video-format.ts";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

/** Parameter sets, and what GStreamer (`codec_utils_caps_get_mime_codec`) calls their pictures; of a high tier it says L, the standard H. */
const called = [
  ["h264", "6742c01eda02d0f684000003000400000300ca3c58ba80", "avc1.42c01e"],
  ["h264", "674d002a95a81e0089f966e020202040", "avc1.4d002a"],
  ["h265", "42010101600000030090000003000003003fa00502016965959a4932bc05a0200000030020000003032100", "hvc1.1.6.L63.90"],
  [
    "h265",
    "420101222000000300900000030000030099a005020169365959a4932bc05a020000030002000003003210",
    "hvc1.2.4.H153.90",
  ],
  ["h265", "4201010408000003009d2800000300003fb005020169365ba924caf01680800000030080", "hvc1.4.10.L63.9D.28"],
] as const;

test("pictures are called as browsers know them", () => {
  for (const [codec, hex, name] of called) assert.equal(codecString(videoFormat(codec, [bytes(hex)])), name);
  assert.equal(codecString({ kind: "video", codec: "mjpeg", parameterSets: [] }), "image/jpeg");
});

test("what an encoder makes is called by its own sets, among the others", () => {
  for (const [codec, name] of [
    ["h264", /^avc1\.4d400d$/],
    ["h265", /^hvc1\.1\.6\.L60\.90$/],
  ] as const) {
    const { setRank } = nalFacts[codec];
    const sets = splitAnnexB(makeClip({ codec, frames: 2, bFrames: 1 })).filter((nal) => setRank(nal) >= 0);
    assert.match(codecString(videoFormat(codec, sets)) ?? "", name);
  }
});

test("nothing is said of what is not known, or cut", () => {
  for (const codec of ["h264", "h265"] as const) {
    assert.equal(codecString(videoFormat(codec, [])), undefined);
    assert.equal(codecString(videoFormat(codec, [bytes("4201010160")])), undefined);
  }
});
