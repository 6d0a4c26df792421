import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mutations } from "../../../test/mutate.ts";
import { WireError } from "../../util/errors.ts";
import { formatFromPayload, parseSdp } from "./index.ts";

/** As a Hikvision-like camera sends it, with a back channel. */
const camera = `v=0
o=- 1109162014219182 1109162014219192 IN IP4 x.y.z.w
s=Media Presentation
b=AS:5100
t=0 0
a=control:rtsp://192.168.1.64/Streaming/
m=video 0 RTP/AVP 96
a=recvonly
a=x-dimensions:1920,1080
a=control:rtsp://192.168.1.64/Streaming/trackID=1
a=rtpmap:96 H264/90000
a=framerate:25.000000
a=fmtp:96 profile-level-id=420029; packetization-mode=1; sprop-parameter-sets=Z00AKpWoHgCJ+WbgICAgQA==,aO48gA==
m=audio 0 RTP/AVP 8
a=recvonly
a=control:rtsp://192.168.1.64/Streaming/trackID=2
a=rtpmap:8 PCMA/8000
m=audio 0 RTP/AVP 0 8 97
a=sendonly
a=control:rtsp://192.168.1.64/Streaming/trackID=5
a=rtpmap:97 MPEG4-GENERIC/16000/1
a=fmtp:97 streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408
`;

test("a camera's description with a back channel", () => {
  const session = parseSdp(camera.replaceAll("\n", "\r\n"));
  assert.equal(session.control, "rtsp://192.168.1.64/Streaming/");
  assert.deepEqual(
    session.media.map((media) => [media.kind, media.direction, media.payloads.map((payload) => payload.codec)]),
    [
      ["video", "recvonly", ["h264"]],
      ["audio", "recvonly", ["pcma"]],
      ["audio", "sendonly", ["pcmu", "pcma", "aac"]],
    ],
  );
  assert.equal(session.media[0]?.frameRate, 25);
  assert.equal(session.media[0]?.control, "rtsp://192.168.1.64/Streaming/trackID=1");
  const video = formatFromPayload(session.media[0]!.payloads[0]!);
  assert.ok(video?.kind === "video");
  assert.deepEqual([video.widthPx, video.heightPx, video.parameterSets.length], [1920, 1080, 2]);
  const aac = formatFromPayload(session.media[2]!.payloads[2]!);
  assert.deepEqual(aac, {
    kind: "audio",
    codec: "aac",
    sampleRateHz: 16_000,
    channels: 1,
    config: Uint8Array.of(0x14, 0x08),
  });
});

test("faults of cameras are forgiven", () => {
  const table: [string, string][] = [
    ["bare line feeds", "v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n"],
    ["no session lines", "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"],
    ["blanks around", " v=0 \r\n\r\nm= video 0 RTP/AVP 96 \r\n a=rtpmap:96 h264/90000\r\n"],
    ["no rate", "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264\r\n"],
    ["bytes before the first line", "\0\0garbage\r\nv=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"],
    ["payload type only in rtpmap", "v=0\r\nm=video 0 RTP/AVP\r\na=rtpmap:96 H264/90000\r\n"],
  ];
  for (const [name, text] of table) {
    const [media] = parseSdp(text).media;
    assert.equal(media?.payloads[0]?.codec, "h264", name);
    assert.equal(media?.payloads[0]?.clockRateHz, 90_000, name);
  }
});

test("codecs: their clock in RTP and their rate in sound", () => {
  const text = [
    "v=0",
    "m=audio 0 RTP/AVP 9 0 96 97 98 99 100",
    "a=rtpmap:96 opus/48000/2",
    "a=rtpmap:97 L16/16000",
    "a=rtpmap:98 MP4A-LATM/44100",
    "a=rtpmap:99 G722/8000",
    "a=rtpmap:100 toString/8000",
    "m=video 0 RTP/AVP 96",
    "a=rtpmap:96 H265/90000",
    "a=fmtp:96 sprop-vps=QAEMAf//; sprop-sps=broken!; sprop-pps=RAHA",
  ].join("\r\n");
  const { media } = parseSdp(text);
  const formats = media[0]!.payloads.map((payload) => [payload.clockRateHz, formatFromPayload(payload)]);
  assert.deepEqual(formats, [
    [8000, { kind: "audio", codec: "g722", sampleRateHz: 16_000, channels: 1 }],
    [8000, { kind: "audio", codec: "pcmu", sampleRateHz: 8000, channels: 1 }],
    [48_000, { kind: "audio", codec: "opus", sampleRateHz: 48_000, channels: 2 }],
    [16_000, { kind: "audio", codec: "pcm_s16le", sampleRateHz: 16_000, channels: 1 }],
    [44_100, { kind: "audio", codec: "aac", sampleRateHz: 44_100, channels: 1 }],
    [8000, { kind: "audio", codec: "g722", sampleRateHz: 16_000, channels: 1 }],
    [8000, undefined],
  ]);
  const video = formatFromPayload(media[1]!.payloads[0]!);
  assert.ok(video?.kind === "video" && video.codec === "h265" && video.widthPx === undefined);
});

test("what is no description is refused", () => {
  for (const text of ["", "hello", "v=0\r\n", `v=0\r\n${"a=x\r\n".repeat(20_000)}`]) {
    assert.throws(() => parseSdp(text), WireError);
  }
  assert.throws(() => parseSdp("m=video 0 RTP/AVP 96\r\n".repeat(40)), WireError);
});

test("10000 malformed descriptions: WireError at most", () => {
  for (const bytes of mutations(3, [Buffer.from(camera)], 10_000)) {
    try {
      for (const media of parseSdp(Buffer.from(bytes).toString("latin1")).media) media.payloads.map(formatFromPayload);
    } catch (error) {
      assert.ok(error instanceof WireError, `${error} for ${JSON.stringify(Buffer.from(bytes).toString("latin1"))}`);
    }
  }
});

describe("descriptions outside the grammar", () => {
  const rtpmap = "a=rtpmap:96 H264/90000";
  const video = (lines: readonly string[]) =>
    parseSdp(["v=0", ...lines].join("\r\n")).media.find(({ kind }) => kind === "video");

  for (const line of [
    "m=video -1353744643 RTP/AVP 96",
    "m=video RTP/AVP 96",
    "m=video 0 96",
    "M=VIDEO 0 RTP/AVP 96",
    "m = video 70000 RTP/AVP 96",
    "m=video 0/2 RTP/AVP 96",
    "m=video 99999999 RTP/AVP/TCP 96",
  ]) {
    test(`${line} is a picture`, () => {
      const section = video([line, "c=IN IP4 '&\u0001\u00ff", rtpmap, "a=control:track1"]);
      assert.equal(section?.payloads[0]?.codec, "h264");
      assert.equal(section.control, "track1");
    });
  }

  for (const line of ["a=RTPMAP:96 H264/90000", "a=rtpmap : 96 H264/90000", "a=rtpmap: 96 h264/90000"]) {
    test(`${line} is read`, () => {
      assert.equal(video(["m=video 0 RTP/AVP 96", line])?.payloads[0]?.codec, "h264");
    });
  }

  const sprop = "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHg==";
  for (const [name, lines] of [
    ["in the sound's section", ["m=video 0 RTP/AVP 96", rtpmap, "m=audio 0 RTP/AVP 8", sprop]],
    ["before all sections", [sprop, "m=video 0 RTP/AVP 96", rtpmap]],
    ["under another type", ["m=video 0 RTP/AVP 96", rtpmap, sprop.replace("96", "97")]],
  ] as const) {
    test(`parameters ${name} are found`, () => {
      assert.equal(video(lines)?.payloads[0]?.fmtp["sprop-parameter-sets"], "Z0LAHg==");
    });
  }

  test("parameters of the same type in another section stay there", () => {
    const { media } = parseSdp(
      ["v=0", "m=video 0 RTP/AVP 96", rtpmap, "m=video 0 RTP/AVP 96", rtpmap, sprop].join("\r\n"),
    );
    assert.deepEqual(
      media.map(({ payloads }) => payloads[0]?.fmtp["sprop-parameter-sets"]),
      [undefined, "Z0LAHg=="],
    );
  });
});

test("how a sender lets itself be asked for a key frame", () => {
  const request = (...lines: readonly string[]) =>
    parseSdp(["m=video 0 RTP/AVPF 96", "a=rtpmap:96 H264/90000", ...lines, ""].join("\r\n")).media[0]?.keyFrameRequest;
  assert.equal(request(), undefined);
  assert.equal(request("a=rtcp-fb:96 nack"), undefined);
  assert.equal(request("a=rtcp-fb:96 nack pli"), "pli");
  assert.equal(request("a=rtcp-fb:* ccm fir"), "fir");
  assert.equal(request("a=rtcp-fb:* ccm fir", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli"), "pli");
});
