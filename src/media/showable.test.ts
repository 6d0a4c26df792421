import assert from "node:assert/strict";
import { it } from "node:test";
import type { VideoFormat } from "./format.ts";
import { whyConverted } from "./showable.ts";

const h264Only = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 H264/90000\r\n";
const both = `${h264Only}a=rtpmap:98 H265/90000\r\n`;

function picture(codec: VideoFormat["codec"], more: Partial<VideoFormat> = {}): VideoFormat {
  return { kind: "video", codec, parameterSets: [], ...more };
}

it("a picture is converted for a codec that is not offered, for B pictures, for rare kinds of H.264 and for want of whole pictures, and only then", () => {
  assert.equal(whyConverted(picture("h264", { profile: "42e01f" }), h264Only), undefined);
  assert.equal(whyConverted(picture("h264", { profile: "640028" }), h264Only), undefined);
  assert.equal(whyConverted(picture("h264"), h264Only), undefined);
  assert.equal(whyConverted(picture("h264", { profile: "640028", reordered: true }), both), "reordered");
  assert.equal(whyConverted(picture("h264", { profile: "6e0028" }), both), "profile");
  assert.equal(whyConverted(picture("h264", { profile: "f40028" }), both), "profile");
  assert.equal(whyConverted(picture("h264", { withoutKeys: true }), both), "no-keys");
  assert.equal(whyConverted(picture("h265"), h264Only), "codec");
  assert.equal(whyConverted(picture("h265"), both), undefined);
  assert.equal(whyConverted(picture("h265", { reordered: true }), both), "reordered");
});
