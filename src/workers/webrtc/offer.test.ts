import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AudioFormat, VideoFormat } from "../../media/format.ts";
import { opusFormat } from "../../media/format.ts";
import { planAnswer } from "./offer.ts";

const video = (profile?: string, codec: "h264" | "h265" = "h264") => ({
  id: "cam/main/video",
  format: { kind: "video", codec, parameterSets: [], ...(profile ? { profile } : {}) } satisfies VideoFormat,
});
const audio = (codec: AudioFormat["codec"] = "opus") => ({
  id: "cam/main/audio",
  format: (codec === "opus"
    ? opusFormat
    : { kind: "audio", codec, sampleRateHz: 8000, channels: 1 }) satisfies AudioFormat as AudioFormat,
});

const h264 = (type: number, mode: number, profile: string) => [
  `a=rtpmap:${type} H264/90000`,
  `a=fmtp:${type} level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`,
];
/** As Chromium offers it, without what a hub does not carry. */
const chromium = [
  ...["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1"],
  ...["m=video 9 UDP/TLS/RTP/SAVPF 96 102 104 108 116 41", "c=IN IP4 0.0.0.0", "a=mid:0", "a=recvonly"],
  ...["a=rtpmap:96 VP8/90000", ...h264(102, 1, "42001f"), ...h264(104, 0, "42001f"), ...h264(108, 1, "42e01f")],
  ...[...h264(116, 1, "4d001f"), ...h264(41, 1, "f4001f")],
  ...["m=audio 9 UDP/TLS/RTP/SAVPF 111 9 0 8", "c=IN IP4 0.0.0.0", "a=mid:1", "a=sendrecv"],
  ...["a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1", "a=rtpmap:9 G722/8000"],
  ...["a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000"],
];
const sdp = (lines: readonly string[]) => `${lines.join("\r\n")}\r\n`;
const offer = sdp(chromium);

describe("answering an offer", () => {
  for (const [profile, type] of [
    ["42e01f", 108],
    ["42c01e", 108],
    ["42001f", 102],
    ["4d0028", 116],
    ["640028", 116],
    [undefined, 108],
  ] as const) {
    it(`takes payload type ${type} for H.264 of profile ${profile}`, () => {
      const plan = planAnswer(offer, { video: video(profile), acceptMicrophone: false });
      assert.equal(plan.sections[0]?.sending?.payloadType, type);
      assert.equal(plan.sections[0]?.direction, "SendOnly");
    });
  }

  it("prefers High for a High stream when it is offered, and never single-unit mode", () => {
    const safari = sdp([
      ...["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "m=video 9 UDP/TLS/RTP/SAVPF 96 98 97", "a=mid:0"],
      ...["a=recvonly", ...h264(96, 1, "640c1f"), ...h264(98, 1, "42e01f"), ...h264(97, 0, "64001f")],
    ]);
    const type = (profile: string) =>
      planAnswer(safari, { video: video(profile), acceptMicrophone: false }).sections[0]?.sending?.payloadType;
    assert.equal(type("640028"), 96);
    assert.equal(type("42e01f"), 98);
  });

  it("sends sound as it is and takes the microphone's Opus first", () => {
    for (const [codec, type, payloads] of [
      ["opus", 111, [111]],
      ["pcmu", 0, [111, 0]],
      ["pcma", 8, [111, 8]],
    ] as const) {
      const plan = planAnswer(offer, { video: video(), audio: audio(codec), acceptMicrophone: true });
      const section = plan.sections[1]!;
      assert.equal(section.direction, "SendRecv");
      assert.equal(section.sending?.payloadType, type);
      assert.equal(section.microphone, 111);
      assert.deepEqual(
        section.payloads.map(({ payloadType }) => payloadType),
        payloads,
      );
    }
  });

  it("takes sound in one section and sends it in another, in whichever order they are offered", () => {
    const [before = "", sound = ""] = offer.split(/(?=m=audio)/);
    const section = (mid: number, direction: string) =>
      sound.replace("a=mid:1", `a=mid:${mid}`).replace("sendrecv", direction);
    const wanted = { video: video(), audio: audio(), acceptMicrophone: true };
    const heardFirst = planAnswer(before + section(1, "recvonly") + section(2, "sendonly"), wanted).sections;
    const spokenFirst = planAnswer(before + section(1, "sendonly") + section(2, "recvonly"), wanted).sections;
    const flows = (sections: typeof heardFirst) =>
      sections.map(({ mid, direction, sending, microphone }) => [mid, direction, sending?.payloadType, microphone]);
    const picture = ["0", "SendOnly", 108, undefined];
    assert.deepEqual(flows(heardFirst), [
      picture,
      ["1", "SendOnly", 111, undefined],
      ["2", "RecvOnly", undefined, 111],
    ]);
    assert.deepEqual(flows(spokenFirst), [
      picture,
      ["1", "RecvOnly", undefined, 111],
      ["2", "SendOnly", 111, undefined],
    ]);
    const offered = before + section(1, "sendonly") + section(2, "recvonly");
    const silent = planAnswer(offered, { ...wanted, acceptMicrophone: false }).sections;
    assert.deepEqual(
      silent.map(({ direction }) => direction),
      ["SendOnly", "Inactive", "SendOnly"],
    );
  });

  it("says in each section what flows", () => {
    const direction = (wanted: Parameters<typeof planAnswer>[1]) =>
      planAnswer(offer, wanted).sections.map((section) => section.direction);
    assert.deepEqual(direction({ video: video(), acceptMicrophone: true }), ["SendOnly", "RecvOnly"]);
    assert.deepEqual(direction({ video: video(), acceptMicrophone: false }), ["SendOnly", "Inactive"]);
    assert.deepEqual(direction({ audio: audio(), acceptMicrophone: false }), ["Inactive", "SendOnly"]);
  });

  it("plays picture and sound of one device in step, and sound of another origin by itself", () => {
    const streams = (id: string) =>
      planAnswer(offer, { video: video(), audio: { ...audio(), id }, acceptMicrophone: false }).sections.map(
        ({ mediaStream }) => mediaStream,
      );
    assert.deepEqual(streams("cam/main/audio"), ["cam", "cam"]);
    assert.deepEqual(streams("talk/anna"), ["cam", "talk"]);
  });

  it("keeps line breaks and blanks out of stream names", () => {
    const wanted = { video: { ...video(), id: "a\r\nb c/main" }, acceptMicrophone: false };
    assert.equal(planAnswer(offer, wanted).sections[0]?.mediaStream, "a__b_c");
  });

  it("shows the picture without sound when the offer lacks the sound's codec", () => {
    const deaf = offer.replace(" 111 9 0 8", " 9").replace(/a=(rtpmap|fmtp):(111|0|8) .*\r\n/g, "");
    const plan = planAnswer(deaf, { video: video(), audio: audio(), acceptMicrophone: true });
    assert.equal(plan.withoutSound, true);
    assert.equal(plan.sections[1]?.direction, "Inactive");
    assert.throws(() => planAnswer(deaf, { audio: audio(), acceptMicrophone: true }), { code: "codec-unsupported" });
  });

  it("names the codec that the viewer cannot take", () => {
    assert.throws(() => planAnswer(offer, { video: video(undefined, "h265"), acceptMicrophone: false }), {
      name: "FatalError",
      code: "codec-unsupported",
      message: /H\.265/,
      fields: { codec: "h265" },
    });
    assert.throws(() => planAnswer(offer, { audio: audio("aac"), acceptMicrophone: false }), {
      code: "codec-unsupported",
    });
  });

  it("takes H.265 when it is offered", () => {
    const with265 = offer.replace("SAVPF 96", "SAVPF 50 96").replace("a=mid:0", "a=mid:0\r\na=rtpmap:50 H265/90000");
    const plan = planAnswer(with265, { video: video(undefined, "h265"), acceptMicrophone: false });
    assert.equal(plan.sections[0]?.sending?.rtpmap, "H265/90000");
  });

  it("refuses what is no offer, or asks for nothing we have", () => {
    const bad = { name: "FatalError", code: "bad-offer" };
    const wanted = { video: video(), acceptMicrophone: false };
    assert.throws(() => planAnswer("hello", wanted), bad);
    assert.throws(() => planAnswer(offer.replaceAll(/a=mid:.\r\n/g, ""), wanted), bad);
    assert.throws(() => planAnswer(offer.replace("recvonly", "sendonly"), wanted), bad);
    assert.throws(() => planAnswer(offer, { acceptMicrophone: false }), bad);
    assert.throws(() => planAnswer("x".repeat(100_000), wanted), bad);
    const application = `${offer}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n`;
    assert.throws(() => planAnswer(application, wanted), bad);
  });
});
