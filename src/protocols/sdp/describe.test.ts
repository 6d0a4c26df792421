import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { videoFormat } from "../../codecs/video-format.ts";
import { type AudioFormat, type Format, opusFormat, pcmFormat } from "../../media/format.ts";
import { payloadTypeOf, writeDescription } from "./describe.ts";
import { formatFromPayload, parseSdp } from "./index.ts";

const sps = Buffer.from("6742c01edb0280bfe5c05a808080a0000003002000000651e2c5d4", "hex");
const pps = Buffer.from("68ce3c80", "hex");
const h265 = [
  Buffer.from("40010c01ffff016000000300900000030000030078959809", "hex"),
  Buffer.from("420101016000000300900000030000030078a00502016965959a4932bc05a80808082000000300200000030321", "hex"),
  Buffer.from("4401c172b46240", "hex"),
];
const sound = (codec: AudioFormat["codec"], sampleRateHz: number, channels = 1): AudioFormat => ({
  kind: "audio",
  codec,
  sampleRateHz,
  channels,
});

const formats: Readonly<Record<string, Format>> = {
  h264: videoFormat("h264", [sps, pps]),
  h265: videoFormat("h265", h265),
  opus: opusFormat,
  pcmu: sound("pcmu", 8000),
  pcma: sound("pcma", 8000),
  "pcma of another rate": sound("pcma", 16_000),
  g722: sound("g722", 16_000),
  g726: { ...sound("g726", 8000), bitsPerSample: 3 },
  "stereo samples": pcmFormat(44_100, 2),
  aac: { ...sound("aac", 16_000), config: Uint8Array.of(0x14, 0x08) },
};

/** The format that somebody reads in the description of this one. */
function described(format: Format): Format | undefined {
  const payload = payloadTypeOf(format, 96);
  const text = writeDescription({
    name: "Yard",
    id: 1,
    media: [{ kind: format.kind, payloads: [payload], control: "0" }],
  });
  const [medium] = parseSdp(text).media;
  const read = medium?.payloads[0];
  assert.equal(read?.clockRateHz, payload.clockRateHz);
  return read && formatFromPayload(read);
}

const plain = (format: Format | undefined) => JSON.parse(JSON.stringify(format)) as unknown;

describe("a description of our own", () => {
  for (const [name, format] of Object.entries(formats)) {
    it(`says what its reader needs to know of ${name}`, () => {
      const sets = "parameterSets" in format ? format.parameterSets.map((set) => new Uint8Array(set)) : undefined;
      assert.deepEqual(plain(described(format)), plain({ ...format, ...(sets && { parameterSets: sets }) }));
    });
  }

  it("gives AAC the clock of its core, and a configuration where the camera sent none", () => {
    const spread: AudioFormat = { ...sound("aac", 48_000, 2), config: Buffer.from("2b118800", "hex") };
    assert.equal(payloadTypeOf(spread, 97).clockRateHz, 24_000);
    assert.match(payloadTypeOf(sound("aac", 16_000), 97).fmtp ?? "", /config=1408$/);
  });

  it("keeps a name in its line", () => {
    const text = writeDescription({ name: "Yard\r\nm=audio 9 RTP/AVP 0\u0000", id: 1, media: [] });
    assert.match(text, /\r\ns=Yard m=audio 9 RTP\/AVP 0\r\n/);
    assert.match(writeDescription({ name: "\n", id: 1, media: [] }), /\r\ns=-\r\n/);
  });

  it("says which way sound goes, and gives each medium its control", () => {
    const media = [
      { kind: "audio", payloads: [payloadTypeOf(opusFormat, 97)], control: "trackID=1", direction: "recvonly" },
      { kind: "audio", payloads: [payloadTypeOf(sound("pcmu", 8000), 97)], control: "talk", direction: "sendonly" },
    ] as const;
    const read = parseSdp(writeDescription({ name: "Yard", id: 1, media })).media;
    assert.deepEqual(
      read.map(({ direction, control }) => [direction, control]),
      [
        ["recvonly", "trackID=1"],
        ["sendonly", "talk"],
      ],
    );
  });
});
