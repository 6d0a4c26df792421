import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FatalError, RecoverableError } from "../../util/errors.ts";
import { parseSdp } from "../sdp/index.ts";
import { chooseMedia } from "./choose.ts";

const h264 = ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:v1"];
const h265 = ["m=video 0 RTP/AVP 98", "a=rtpmap:98 H265/90000", "a=control:v2"];
const jpeg = ["m=video 0 RTP/AVP 26", "a=control:v0"];
const mpeg4 = ["m=video 0 RTP/AVP 98", "a=rtpmap:98 MP4V-ES/90000"];
const pcma = ["m=audio 0 RTP/AVP 8", "a=control:a1"];
const talk = ["m=audio 0 RTP/AVP 0 8 101", "a=rtpmap:101 telephone-event/8000", "a=control:a2", "a=sendonly"];
const speex = ["m=audio 0 RTP/AVP 97", "a=rtpmap:97 SPEEX/8000"];

function choose(lines: readonly (readonly string[])[], options: { video?: number } = {}) {
  const media = chooseMedia(parseSdp(["v=0", ...lines.flat()].join("\r\n")), { ...options, peer: "camera" });
  return {
    video: media.video?.section.control,
    audio: media.audio?.section.control,
  };
}

describe("chooseMedia", () => {
  const nothing = { video: undefined, audio: undefined };

  test("takes the first picture and the first sound that the hub carries", () => {
    assert.deepEqual(choose([jpeg, h265, speex, pcma]), { ...nothing, video: "v2", audio: "a1" });
  });

  test("takes the picture that is asked for", () => {
    assert.deepEqual(choose([h264, h265], { video: 1 }), { ...nothing, video: "v2" });
    assert.throws(() => choose([h264], { video: 1 }), { name: "FatalError", code: "no-such-video" });
  });

  test("sound alone will do", () => assert.deepEqual(choose([pcma]), { ...nothing, audio: "a1" }));

  for (const [name, lines, audio] of [
    ["beside a marked picture, a sound that is sendonly is a speaker", [[...h264, "a=recvonly"], talk], undefined],
    ["and the other sound the microphone", [[...h264, "a=recvonly"], talk, [...pcma, "a=recvonly"]], "a1"],
    ["beside a sound without a mark it is a speaker too", [h264, talk, pcma], "a1"],
    ["alone it is the microphone, marked from the camera's view", [h264, [...pcma, "a=sendonly"]], "a1"],
    [
      "as it is beside a picture that is sendonly",
      [
        [...h264, "a=sendonly"],
        [...pcma, "a=sendonly"],
      ],
      "a1",
    ],
  ] as const) {
    test(name, () => assert.deepEqual(choose(lines), { ...nothing, video: "v1", audio }));
  }

  test("takes MJPEG where there is nothing else", () => {
    assert.deepEqual(choose([jpeg, pcma]), { ...nothing, video: "v0", audio: "a1" });
  });

  test("names what the hub does not carry", () => {
    assert.throws(
      () => choose([mpeg4, pcma]),
      (error) => error instanceof FatalError && /MP4V-ES/.test(error.message),
    );
    assert.throws(() => choose([speex]), RecoverableError);
  });
});
