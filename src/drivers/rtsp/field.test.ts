import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asFrames, clip, noise, pictureHash, runDriver } from "../../../test/rtsp.ts";
import { h264NalType } from "../../codecs/h264/index.ts";
import { nalFacts } from "../../codecs/nal.ts";
import { packetizeVideo } from "../../protocols/rtp/packetize-video.ts";
import type { RtpPayload } from "../../protocols/rtp/payload.ts";
import { type FakeRtspOptions, startFakeRtsp } from "./fake.ts";
import type { FakeFaults } from "./fake-faults.ts";

/** A camera that does something of its own, and what is to come of it. */
interface FieldCase {
  readonly name: string;
  readonly faults?: FakeFaults;
  readonly fake?: Omit<FakeRtspOptions, "faults">;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly sound?: boolean;
}

const guard = { username: "admin", password: "secret", scheme: "digest-md5", wrongStatus: 401 } as const;
const login = { username: "admin", password: "secret" };
const junk = Uint8Array.from({ length: 37 }, (_, i) => (i * 73 + 11) & 255);
const refusal = "RTSP/1.0 400 Bad Request\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nAllow: PLAY\r\n\r\n";
const code = Uint8Array.of(0, 0, 0, 1);

const often = (change: (frame: Uint8Array) => Uint8Array) => (frame: Uint8Array, n: number) =>
  n % 40 === 39 && frame.length > 200 ? change(frame) : frame;
const whole = (payload: Uint8Array, marker = true): RtpPayload => ({ payload, marker, timestampOffset: 0 });
const usual = (nals: readonly Uint8Array[]) => packetizeVideo(nals, { codec: "h264", maxBytes: 1200 });
const isSet = (nal: Uint8Array) => nalFacts.h264.setRank(nal) >= 0;
const inGroup = (nals: readonly Uint8Array[]) =>
  Buffer.concat([Uint8Array.of(0x78), ...nals.flatMap((nal) => [Uint8Array.of(nal.length >> 8, nal.length), nal])]);
const withoutSets = (nals: readonly Uint8Array[]) => usual(nals.filter((nal) => !isSet(nal)));
const lines = (from: string | RegExp, to: string) => (all: readonly string[]) =>
  all.map((line) => line.replace(from, to));
const header = (from: RegExp, to: string) => (text: string) => text.replace(from, to);

const framing: readonly FieldCase[] = [
  { name: "bytes between packets", faults: { frame: often((frame) => Buffer.concat([frame, junk])) } },
  { name: "zeros between packets", faults: { frame: often((frame) => Buffer.concat([frame, new Uint8Array(100)])) } },
  {
    name: "a refusal inside a packet, before its payload",
    faults: { frame: often((frame) => Buffer.concat([frame.subarray(0, 4), Buffer.from(refusal), frame.subarray(4)])) },
  },
  {
    name: "a refusal in the middle of a packet",
    faults: {
      frame: often((frame) => Buffer.concat([frame.subarray(0, 150), Buffer.from(refusal), frame.subarray(150)])),
    },
  },
  {
    name: "a refusal between packets",
    faults: { frame: often((frame) => Buffer.concat([frame, Buffer.from(refusal)])) },
  },
  {
    name: "questions of its own between packets",
    faults: { frame: often((frame) => Buffer.concat([Buffer.from("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"), frame])) },
  },
  {
    name: "a date among the headers without its name",
    faults: { answer: header(/\r\n/, "\r\nThu, Jun 13 2024 04:00:59 GMT\r\n") },
  },
  {
    name: "line feeds only",
    faults: {
      answer: (text) => {
        const [head = "", ...body] = text.split("\r\n\r\n");
        return [head.replaceAll("\r\n", "\n"), ...body].join("\n\n");
      },
    },
  },
  {
    name: "header names in small letters, blanks around values",
    faults: {
      answer: (text) =>
        text.replace(
          /^([A-Za-z-]+): (.*)$/gm,
          (_, name: string, value: string) => `${name.toLowerCase()}:  ${value.trim()} `,
        ),
    },
  },
  {
    name: "an empty line too many behind each answer",
    faults: { answer: (text) => (/Content-Length/.test(text) ? text : `${text}\r\n`) },
  },
  {
    name: "each answer to SETUP twice",
    faults: { answer: (text, { method }) => (method === "SETUP" ? text + text : text) },
  },
];

const dialogue: readonly FieldCase[] = [
  { name: "CSeq always 0", faults: { answer: header(/CSeq: \d+/, "Cseq: 0") } },
  { name: "CSeq always 1", faults: { answer: header(/CSeq: \d+/, "CSeq: 1") } },
  { name: "no CSeq", faults: { answer: header(/CSeq: \d+\r\n/, "") } },
  {
    name: "a redirect to another path",
    faults: {
      reply: ({ method, uri }) =>
        method === "DESCRIBE" && !uri.includes("/real")
          ? { status: 302, headers: { Location: `${uri}/real` } }
          : undefined,
    },
  },
  {
    name: "a redirect by its path alone",
    faults: {
      reply: ({ method, uri }) =>
        method === "DESCRIBE" && !uri.includes("/real")
          ? { status: 301, headers: { Location: "/stream/real" } }
          : undefined,
    },
  },
  {
    name: "two redirects in a row",
    faults: {
      reply: ({ method, uri }) =>
        method === "DESCRIBE" && !uri.includes("/a/b")
          ? { status: 302, headers: { Location: `${uri}${uri.endsWith("/a") ? "/b" : "/a"}` } }
          : undefined,
    },
  },
  {
    name: "a keep-alive answered 454",
    fake: { sessionTimeoutS: 2 },
    faults: { reply: ({ method }) => (method === "GET_PARAMETER" ? { status: 454 } : undefined) },
  },
  {
    name: "every keep-alive answered 401",
    fake: { sessionTimeoutS: 2, guard },
    config: login,
    faults: {
      reply: ({ method }) =>
        method === "GET_PARAMETER"
          ? { status: 401, headers: { "WWW-Authenticate": 'Digest realm="x", nonce="y"' } }
          : undefined,
    },
  },
  {
    name: "a keep-alive never answered",
    fake: { sessionTimeoutS: 2 },
    faults: { reply: ({ method }) => (method === "GET_PARAMETER" ? "silence" : undefined) },
  },
  {
    name: "hanging up after each 401",
    config: login,
    faults: {
      reply: ({ headers }, peer) => {
        if (headers.has("Authorization")) return undefined;
        setImmediate(() => peer.drop());
        return { status: 401, headers: { "WWW-Authenticate": 'Digest realm="x", nonce="y"' } };
      },
    },
  },
  {
    name: "a second session at the second SETUP",
    sound: true,
    faults: {
      answer: (text, { method, uri }) =>
        method === "SETUP" && uri.endsWith("audio") ? text.replace(/Session: \w+/, "Session: 231980;timeout=60") : text,
    },
  },
  { name: "no Transport in its answer", sound: true, faults: { answer: header(/Transport: .*\r\n/, "") } },
  { name: "channels of its own choice", sound: true, faults: { channels: ([rtp, rtcp]) => [rtp + 8, rtcp + 8] } },
  { name: "one channel for picture and sound", sound: true, faults: { channels: () => [0, 1] } },
  { name: "a granted TCP without its name", faults: { answer: header(/RTP\/AVP\/TCP/, "RTP/AVP") } },
  {
    name: "parameters before the profile",
    faults: { answer: header(/Transport: RTP\/AVP\/TCP;(.*)/, "Transport: $1;RTP/AVP/TCP") },
  },
  {
    name: "a doubled scheme in its base",
    faults: { answer: header(/Content-Base: rtsp:/, "Content-Base: rtsp://rtsp:") },
  },
];

const description: readonly FieldCase[] = [
  {
    name: "a port below zero and rubbish in c=",
    faults: { sdp: (all) => lines("m=video 0", "m=video -1353744643")(lines(/^c=.*/, "c=IN IP4 '&\x01")(all)) },
  },
  { name: "no port at all", faults: { sdp: lines("m=video 0", "m=video") } },
  {
    name: "rubbish in the parameter sets",
    faults: {
      sdp: lines(/sprop-parameter-sets=.*/, "sprop-parameter-sets=6QAAAAFnTQAf,AAAAAWjuPIA=,=;profile-level-id=TQAf"),
    },
  },
  {
    name: "the picture's parameters in the sound's section only",
    sound: true,
    faults: {
      picture: withoutSets,
      sdp: (all) => [
        ...all.filter((line) => !line.startsWith("a=fmtp:96")),
        ...all.filter((line) => line.startsWith("a=fmtp:96")),
      ],
    },
  },
  { name: "parameter sets in the description only", faults: { picture: withoutSets } },
  {
    name: "a metadata section first, an origin that stops in its middle",
    faults: {
      sdp: (all) =>
        lines(
          /^o=.*/,
          "o=- 1001 1 IN ",
        )(
          all.flatMap((line) =>
            line.startsWith("m=video")
              ? ["m=application 0 RTP/AVP 107", "c=IN", "a=control:meta", "a=rtpmap:107 vnd.onvif.metadata/90000", line]
              : [line],
          ),
        ),
    },
  },
  {
    name: "a JPEG picture first",
    faults: {
      sdp: (all) =>
        all.flatMap((line) => (line.startsWith("m=video") ? ["m=video 0 RTP/AVP 26", "a=control:jpeg", line] : [line])),
    },
  },
  {
    name: "session lines in each section, controls twice",
    sound: true,
    faults: {
      sdp: (all) =>
        all.flatMap((line) =>
          line.startsWith("m=")
            ? [line, "s=RtspServer", "i=live"]
            : line.startsWith("a=control:v")
              ? [line, line]
              : [line],
        ),
    },
  },
  {
    name: "a sound section of nothing",
    faults: { sdp: (all) => [...all, "m=audio 0 RTP/AVP (null)", "b=AS:64", "a=rtpmap", "a=control:track=2"] },
  },
  { name: "its own microphone marked sendonly", sound: true, faults: { sdp: (all) => [...all, "a=sendonly"] } },
  { name: "small letters and blanks", faults: { sdp: lines(/^a=rtpmap:96 H264/, "a=RTPMAP: 96 h264") } },
];

const pictures: readonly FieldCase[] = [
  {
    name: "a marker on each packet",
    faults: { picture: (nals) => usual(nals).map((payload) => ({ ...payload, marker: true })) },
  },
  {
    name: "no marker at all",
    faults: { picture: (nals) => usual(nals).map((payload) => ({ ...payload, marker: false })) },
  },
  {
    name: "one picture's units with start codes in one packet",
    faults: { picture: (nals) => [whole(Buffer.concat(nals.flatMap((nal) => [code, nal])))] },
  },
  {
    name: "each unit behind a start code",
    faults: { picture: (nals) => nals.map((nal, i) => whole(Buffer.concat([code, nal]), i === nals.length - 1)) },
  },
  {
    name: "sets and picture in one fragmented unit",
    faults: {
      picture: (nals) =>
        usual(
          nals.some(isSet)
            ? [
                Buffer.concat(
                  nals.filter((nal) => h264NalType(nal) !== 6).flatMap((nal, i) => (i === 0 ? [nal] : [code, nal])),
                ),
              ]
            : nals,
        ),
    },
  },
  {
    name: "a byte too many behind an aggregate",
    fake: { sprop: false },
    faults: {
      picture: (nals) => {
        const sets = nals.filter(isSet);
        return [
          ...(sets.length > 0 ? [whole(Buffer.concat([inGroup(sets), Uint8Array.of(0)]), false)] : []),
          ...usual(nals.filter((nal) => !isSet(nal))),
        ];
      },
    },
  },
  {
    name: "parameter sets as marked packets of their own",
    fake: { sprop: false },
    faults: {
      picture: (nals) =>
        nals.flatMap((nal) => (isSet(nal) ? [{ ...whole(nal), timestampOffset: -900 }] : usual([nal]))),
    },
  },
  { name: "timestamps that stand still", faults: { time: () => 0 } },
  { name: "a payload type that it did not announce", faults: { payloadTypes: { video: 99 } } },
];

const datagrams: readonly FieldCase[] = [
  { name: "port 0", config: { transport: "udp" }, faults: { told: (agreed) => ({ ...agreed, serverPorts: [0, 1] }) } },
  { name: "no port", config: { transport: "udp" }, faults: { told: ({ serverPorts: _, ...agreed }) => agreed } },
  {
    name: "a port from which nothing comes",
    config: { transport: "udp" },
    faults: { told: (agreed) => ({ ...agreed, serverPorts: [9, 10] }) },
  },
  {
    name: "ports out of range",
    config: { transport: "udp" },
    faults: { answer: header(/server_port=\d+-\d+/, "server_port=70000-70001") },
  },
];

for (const [title, cases] of Object.entries({ framing, dialogue, description, pictures, datagrams })) {
  describe(`a camera with oddities of ${title}:`, { concurrency: 4 }, () => {
    for (const { name, faults, fake: options, config, sound } of cases) {
      test(name, async () => {
        await using fake = await startFakeRtsp({ video: clip(), ...(sound && { audio: noise() }), ...options, faults });
        await using running = runDriver({ address: fake.address, backchannel: "off", ...config });
        await running.device.until(() => (running.device.video?.counters.frames ?? 0) > 0);
        const wanted = new Set(asFrames(clip()).map((data) => pictureHash(data)));
        using reader = running.device.video?.read();
        const count = options?.sessionTimeoutS ? 250 : 40;
        let right = 0;
        for (let n = 0; n < count; n++) {
          const frame = await reader?.next();
          if (frame && wanted.has(pictureHash(frame.data))) right++;
        }
        assert.ok(right >= count - 2, `${right} of ${count} pictures came as they were sent`);
        assert.equal(running.device.readyCount, 1, "it stayed connected");
        if (sound) await running.device.until(() => (running.device.audio?.counters.frames ?? 0) > 5);
      });
    }
  });
}
