import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSdp } from "../sdp/index.ts";
import { type SpeakerWishes, speakerChoices } from "./choose-speaker.ts";

const picture = ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:v1"];
const microphone = ["m=audio 0 RTP/AVP 8", "a=control:a1"];
const pcmu = ["m=audio 0 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=control:t1"];
const [sendonly, recvonly] = ["a=sendonly", "a=recvonly"];

interface Described {
  readonly plain?: readonly (readonly string[])[];
  readonly asked: readonly (readonly string[])[];
  readonly session?: readonly string[];
  readonly wishes?: SpeakerWishes;
}

/** What would be spoken through, best first: "control codec/rate/ms". */
function choices({ plain, asked, session = [], wishes }: Described): string[] {
  const sdp = (sections: readonly (readonly string[])[]) =>
    parseSdp(["v=0", ...session, ...sections.flat()].join("\r\n"));
  const found = speakerChoices({ asked: sdp(asked), plain: plain && sdp(plain) }, wishes);
  return found.map(
    ({ section, format, packetMs }) => `${section.control} ${format.codec}/${format.sampleRateHz}/${packetMs}`,
  );
}

describe("what is a speaker", () => {
  const table: readonly (readonly [string, Described, readonly string[]])[] = [
    [
      "a sendonly section beside a picture that is recvonly",
      {
        asked: [
          [...picture, recvonly],
          [...pcmu, sendonly],
        ],
      },
      ["t1 pcmu/8000/20"],
    ],
    ["a section that is there only for who asks", { plain: [picture], asked: [picture, pcmu] }, ["t1 pcmu/8000/20"]],
    [
      "whatever the camera's view of its marks is",
      {
        plain: [[...picture, sendonly]],
        asked: [
          [...picture, sendonly],
          [...pcmu, recvonly],
        ],
      },
      ["t1 pcmu/8000/20"],
    ],
    [
      "not the microphone that is marked sendonly and always there",
      { plain: [picture, [...microphone, sendonly]], asked: [picture, [...microphone, sendonly]] },
      [],
    ],
    [
      "not a microphone that is described only with the question",
      {
        plain: [picture],
        asked: [
          [...picture, recvonly],
          [...microphone, recvonly],
        ],
      },
      [],
    ],
    [
      "a speaker that is always described, told by its mark",
      {
        plain: [picture, microphone, [...pcmu, sendonly]],
        asked: [picture, microphone, [...pcmu, sendonly]],
      },
      ["t1 pcmu/8000/20"],
    ],
    ["not a section that is switched off", { plain: [picture], asked: [picture, [...pcmu, "a=inactive"]] }, []],
    [
      "the marks alone, where every address changes with the question",
      {
        plain: [["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:x9"]],
        asked: [[...picture, recvonly], microphone, [...pcmu, sendonly]],
      },
      ["t1 pcmu/8000/20"],
    ],
  ];
  for (const [name, described, expected] of table) test(name, () => assert.deepEqual(choices(described), expected));
});

describe("what is spoken", () => {
  const speaker = (types: string, ...maps: string[]) => [
    `m=audio 0 RTP/AVP ${types}`,
    "a=control:t1",
    ...maps.map((map) => `a=rtpmap:${map}`),
    sendonly,
  ];
  const only = (section: readonly string[], more: Partial<Described> = {}) =>
    choices({ plain: [picture], asked: [picture, section], ...more });

  test("wide-band first, and what passes as it is", () => {
    const section = speaker("0 8 9 96 97", "96 opus/48000/2", "97 L16/16000");
    const codecs = ["opus/48000", "pcm_s16le/16000", "g722/16000", "pcma/8000", "pcmu/8000"];
    assert.deepEqual(
      only(section),
      codecs.map((codec) => `t1 ${codec}/20`),
    );
  });

  test("a list of all that the maker's library knows: plain G.711 first, AAC without its configuration last", () => {
    const section = speaker(
      "104 102 8 101 97 0",
      "104 MPEG4-GENERIC/16000",
      "102 PCMA/16000",
      "8 PCMA/8000",
      "101 L16/16000",
      "97 L16/8000",
      "0 PCMU/8000",
    );
    const found = only(section);
    assert.deepEqual(found.slice(0, 2), ["t1 pcma/8000/20", "t1 pcmu/8000/20"]);
    assert.equal(found.at(-1), "t1 aac/16000/20");
  });

  test("what the settings wish for, by codec and by rate", () => {
    const section = speaker("8 101 97 0", "101 L16/16000", "97 L16/8000");
    assert.equal(only(section, { wishes: { codec: "pcmu" } })[0], "t1 pcmu/8000/20");
    assert.equal(only(section, { wishes: { codec: "pcm_s16le", sampleRateHz: 8000 } })[0], "t1 pcm_s16le/8000/20");
    assert.equal(only(section, { wishes: { sampleRateHz: 16_000 } })[0], "t1 pcm_s16le/16000/20");
    assert.equal(only(section, { wishes: { codec: "opus" } })[0], "t1 pcma/8000/20", "not listed: as without");
  });

  test("of several speakers the one that sounds best, then the others", () => {
    const second = ["m=audio 0 RTP/AVP 9", "a=control:t2", sendonly];
    assert.deepEqual(choices({ plain: [picture], asked: [picture, speaker("0"), second] }), [
      "t2 g722/16000/20",
      "t1 pcmu/8000/20",
    ]);
  });

  test("a type that is mapped twice is what it has always been, or what was said last", () => {
    assert.deepEqual(only(speaker("0", "0 PCMA/8000", "0 PCMU/8000")), ["t1 pcmu/8000/20"]);
    assert.deepEqual(only(speaker("8", "8 PCMA/8000", "8 PCMU/8000")), ["t1 pcma/8000/20"]);
    assert.deepEqual(only(speaker("96", "96 PCMU/8000", "96 L16/16000")), ["t1 pcm_s16le/16000/20"]);
  });
});

describe("the length of a packet", () => {
  const asked = (...lines: string[]) => [picture, [...pcmu, ...lines, sendonly]];
  const length = (more: Described) =>
    choices({ plain: [picture], ...more })[0]
      ?.split("/")
      .at(-1);

  test("20 ms, or what the section asks for", () => {
    assert.equal(length({ asked: asked() }), "20");
    assert.equal(length({ asked: asked("a=ptime:40") }), "40");
    assert.equal(length({ asked: asked("a=ptime:60.0") }), "60");
    for (const nonsense of ["0", "-20", "9000", "soon"])
      assert.equal(length({ asked: asked(`a=ptime:${nonsense}`) }), "20", nonsense);
  });

  test("1024 bytes for who is known by their name", () => {
    for (const session of [
      ['s=Session streamed by "preview"'],
      ["s=x", "a=tool:BC Streaming Media v202210012022.10.01"],
    ])
      assert.equal(length({ asked: asked(), session }), "128", session.join());
    assert.equal(length({ asked: asked(), session: ["s=live", "a=tool:LIVE555 Streaming Media"] }), "20");
  });

  test("what the settings say goes before all", () => {
    const session = ['s=Session streamed by "preview"'];
    assert.equal(length({ asked: asked("a=ptime:40"), session, wishes: { packetMs: 64 } }), "64");
  });
});
