import assert from "node:assert/strict";
import { test } from "node:test";
import { isRoom, onWall, type Placed } from "./rooms.ts";

const sound = [{ kind: "audio" }] as unknown as Placed["tracks"];
const picture = [{ kind: "video" }, { kind: "audio" }] as unknown as Placed["tracks"];
const speaker = { formats: [], echoCancelling: true, queued: 0, doNotDisturb: false } as unknown as Placed["speaker"];

test("a room is what has a speaker and no picture, or never has a picture", () => {
  assert.equal(isRoom({ kind: "room", tracks: [], speaker: undefined }), true, "a station that is away");
  assert.equal(isRoom({ kind: "door", tracks: [], speaker: undefined }), true, "a door station that is away");
  assert.equal(isRoom({ kind: "page", tracks: [], speaker }), true);
  assert.equal(isRoom({ kind: "rtsp", tracks: sound, speaker }), true, "a loudspeaker");
  assert.equal(isRoom({ kind: "rtsp", tracks: [], speaker }), false, "a camera that has not connected yet");
  assert.equal(isRoom({ kind: "rtsp", tracks: picture, speaker }), false);
  assert.equal(isRoom({ kind: "whip", tracks: sound, speaker: undefined }), false, "a microphone alone");
});

test("the wall shows pictures first, each kind in its own order", () => {
  const devices = [
    { id: "hall", kind: "room", tracks: [], speaker },
    { id: "gate", kind: "rtsp", tracks: picture, speaker },
    { id: "attic", kind: "page", tracks: [], speaker },
  ];
  assert.deepEqual(
    onWall(devices).map(({ id }) => id),
    ["gate", "hall", "attic"],
  );
});
