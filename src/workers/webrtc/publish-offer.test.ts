import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planAnswered, planPublish } from "./publish-offer.ts";

const described = (audio: string) =>
  [
    ...["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "m=video 9 UDP/TLS/RTP/SAVPF 97 96 98", "a=mid:0"],
    ...["a=sendonly", "a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=1;profile-level-id=42e01f"],
    ...["a=rtpmap:97 VP8/90000", "a=rtpmap:98 H265/90000"],
    ...[`m=audio 9 UDP/TLS/RTP/SAVPF ${audio}`, "a=mid:1", "a=sendonly", "a=rtpmap:111 opus/48000/2"],
    ...["a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", ""],
  ].join("\r\n");

const codecs = ({ taken }: ReturnType<typeof planPublish>) => [...taken.values()].map(({ codec }) => codec);

describe("what is taken of a publisher", () => {
  it("is the best of what it offers, as our answer then says", () => {
    assert.deepEqual(codecs(planPublish(described("0 9 111"))), ["h264", "opus"]);
  });

  it("is what it names first of what it answers, for that is what it sends", () => {
    assert.deepEqual(codecs(planAnswered(described("0 9 111"))), ["h264", "pcmu"]);
    assert.deepEqual(codecs(planAnswered(described("9 111 0"))), ["h264", "opus"]);
  });
});
