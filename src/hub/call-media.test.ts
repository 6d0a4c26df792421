import assert from "node:assert/strict";
import { test } from "node:test";
import { type Rig, startRig } from "../../test/web-rig.ts";
import { createOpusEncoder } from "../codecs/opus/index.ts";
import { bytesOf } from "../codecs/pcm/index.ts";
import { opusFormat, pcmFormat } from "../media/format.ts";
import type { Frame } from "../media/frame.ts";
import { Track } from "../media/track.ts";
import { ManualClock } from "../util/clock.ts";

const blockUs = 20_000;
const anna = { party: "person:anna", name: "Anna" } as const;
const ben = { party: "person:ben", name: "Ben" } as const;

/** A door with a microphone and a speaker that writes down when it is open and what it plays. */
function bell(rig: Rig, id: string, how: { readonly echoCancelling?: boolean } = {}) {
  const device = rig.camera.running.get(id);
  assert.ok(device);
  const microphone = device.publish(pcmFormat(16_000), { sparse: true });
  const said: string[] = [];
  const heard: Frame[] = [];
  device.offerSpeaker({
    formats: [opusFormat],
    echoCancelling: how.echoCancelling ?? true,
    play: async (speech) => {
      said.push("open");
      for await (const frame of speech.frames) {
        if (speech.signal.aborted) break;
        heard.push(frame);
      }
      said.push("closed");
    },
  });
  const speak = () =>
    microphone.write({
      data: new Uint8Array(640).fill(7),
      timestampUs: rig.hub.clock.nowUs(),
      durationUs: blockUs,
      key: true,
    });
  return { said, heard, speak, device };
}

async function rig() {
  const clock = new ManualClock();
  const own = await startRig({ door: "fake://x/?live", other: "fake://x/?live" }, { clock });
  const held = [own.hub.devices.get("door")?.demand(), own.hub.devices.get("other")?.demand()];
  await clock.advance(10);
  assert.equal(held.length, 2);
  using encoder = await createOpusEncoder({ sampleRateHz: 48_000, channels: 1 });
  const packet = encoder.encode(bytesOf(new Int16Array(960).fill(900))).slice();
  const voice = (id: string) => {
    const track = new Track(opusFormat, { id, clock });
    const speak = () => track.write({ data: packet, timestampUs: clock.nowUs(), durationUs: blockUs, key: true });
    return { track, speak };
  };
  const { calls, callMedia } = own.hub;
  const ringing = () => {
    const { call } = calls.ring({ from: "door" });
    assert.ok(call);
    return call;
  };
  return { rig: own, clock, calls, callMedia, voice, ringing };
}

test("looking opens no talk path: it opens at the answer and closes within a second of the end", async () => {
  const { rig: own, clock, calls, callMedia, voice, ringing } = await rig();
  await using _own = own;
  const door = bell(own, "door");
  const call = ringing();
  const microphone = voice("anna");
  const ear = callMedia.ear(call.id, anna.party);
  const camera = own.hub.devices.get("door")?.track("audio");
  assert.ok(ear && camera);
  callMedia.peek(call.id, { party: anna.party, sound: camera });
  callMedia.speak(call.id, { party: anna.party, voice: microphone.track });
  using heard = ear.read();
  for (let n = 0; n < 20; n++) {
    door.speak();
    microphone.speak();
    await clock.advance(20);
  }
  assert.ok(heard.queued > 5, "who looks hears the door");
  assert.deepEqual([door.said, door.heard.length], [[], 0]);
  calls.answer(call.id, anna);
  await clock.advance(20);
  assert.deepEqual(door.said, ["open"]);
  microphone.speak();
  await clock.advance(20);
  assert.equal(door.heard.length, 1, "one voice passes as it is");
  await clock.advance(60_000);
  assert.deepEqual(door.said, ["open"], "a call holds the floor through silence");
  calls.end(call.id, anna);
  await clock.advance(1000);
  assert.deepEqual(door.said, ["open", "closed"]);
  assert.equal(ear.open, false);
  assert.equal(own.hub.callTimes.histogram("answer_to_first_word").count, 1);
});

test("who looks and did not answer hears nothing any more", async () => {
  const { rig: own, clock, calls, callMedia, ringing } = await rig();
  await using _own = own;
  const door = bell(own, "door");
  const call = ringing();
  const camera = own.hub.devices.get("door")?.track("audio");
  const ear = callMedia.ear(call.id, ben.party);
  assert.ok(ear && camera);
  callMedia.peek(call.id, { party: ben.party, sound: camera });
  using heard = ear.read();
  calls.answer(call.id, anna);
  for (let n = 0; n < 20; n++) {
    door.speak();
    await clock.advance(20);
  }
  assert.equal(heard.queued, 0);
});

test("a third who joins is heard by both and hears both; when they leave, the two hear each other as they are", async () => {
  const { rig: own, clock, calls, callMedia, voice, ringing } = await rig();
  await using _own = own;
  const door = bell(own, "door");
  const call = ringing();
  const [first, second] = [voice("anna"), voice("ben")];
  callMedia.speak(call.id, { party: anna.party, voice: first.track });
  callMedia.speak(call.id, { party: ben.party, voice: second.track });
  calls.answer(call.id, anna);
  calls.join(call.id, ben);
  using forBen = callMedia.ear(call.id, ben.party)?.read({ maxFrames: 500 });
  const go = async (speakers: readonly (() => void)[], ms: number) => {
    const before = [door.heard.length, forBen?.queued ?? 0];
    for (let n = 0; n < ms / 20; n++) {
      for (const speak of speakers) speak();
      await clock.advance(20);
    }
    return [door.heard.length - (before[0] ?? 0), (forBen?.queued ?? 0) - (before[1] ?? 0)];
  };
  await clock.advance(100);
  const [doorAnna, benAnna] = await go([first.speak], 600);
  assert.ok((doorAnna ?? 0) > 20 && (benAnna ?? 0) > 20, `${doorAnna} ${benAnna}`);
  await clock.advance(500);
  const [doorBen, benBen] = await go([second.speak], 600);
  assert.ok((doorBen ?? 0) > 20, `${doorBen}`);
  assert.equal(benBen, 0, "nobody hears themselves");
  await clock.advance(500);
  const [doorDoor, benDoor] = await go([door.speak], 600);
  assert.equal(doorDoor, 0);
  assert.ok((benDoor ?? 0) > 20);
  calls.end(call.id, ben);
  await clock.advance(500);
  assert.deepEqual(await go([first.speak], 200), [10, 0], "packets of one voice pass unchanged");
});

test("an emergency takes the door's speaker, and the call comes back to it", async () => {
  const { rig: own, clock, calls, callMedia, voice, ringing } = await rig();
  await using _own = own;
  const door = bell(own, "door");
  const call = ringing();
  const microphone = voice("anna");
  callMedia.speak(call.id, { party: anna.party, voice: microphone.track });
  calls.answer(call.id, anna);
  await clock.advance(50);
  const alarm = voice("alarm");
  const turn = own.hub.turns.take({
    to: ["device:door"],
    talker: { id: "alarm", name: "Alarm" },
    priority: 2,
    queue: false,
    source: { live: true, voice: alarm.track },
    onState: () => {},
  });
  await clock.advance(600);
  assert.deepEqual(door.said, ["open", "closed", "open"]);
  assert.equal(own.hub.turns.holder("door").holder?.name, "Alarm");
  turn.cancel();
  await clock.advance(600);
  assert.equal(own.hub.turns.holder("door").holder?.name, "Anna");
  const before = door.heard.length;
  microphone.speak();
  await clock.advance(20);
  assert.equal(door.heard.length, before + 1);
  calls.end(call.id, anna);
  await clock.advance(1000);
  assert.equal(own.hub.turns.holder("door").holder, undefined);
});

test("two devices in a call hear each other; a talk to one of them waits", async () => {
  const { rig: own, clock, calls } = await rig();
  await using _own = own;
  const [door, other] = [bell(own, "door"), bell(own, "other", { echoCancelling: false })];
  const { call } = calls.call({ from: { party: "device:door", name: "Door", deviceId: "door" }, to: ["device:other"] });
  assert.ok(call);
  calls.answer(call.id, { party: "device:other", name: "Other", deviceId: "other" });
  await clock.advance(100);
  for (let n = 0; n < 30; n++) {
    door.speak();
    await clock.advance(20);
  }
  assert.ok(other.heard.length > 20);
  assert.equal(own.hub.turns.holder("other").holder?.priority, 1);
  calls.end(call.id, undefined);
  await clock.advance(1000);
  assert.deepEqual([door.said.at(-1), other.said.at(-1)], ["closed", "closed"]);
});

test("a device that is not to be disturbed in its call is heard, and asked again when that changes, not before", async () => {
  const { rig: own, clock, calls } = await rig();
  await using _own = own;
  const [door, other] = [bell(own, "door"), bell(own, "other")];
  const { call } = calls.call({ from: { party: "device:door", name: "Door", deviceId: "door" }, to: ["device:other"] });
  assert.ok(call);
  calls.answer(call.id, { party: "device:other", name: "Other", deviceId: "other" });
  await clock.advance(100);
  assert.deepEqual(other.said, ["open"]);
  await own.hub.devices.update("other", { doNotDisturb: true });
  await clock.advance(100);
  assert.deepEqual(other.said, ["open", "closed"]);
  const asked = test.mock.method(own.hub.turns, "take");
  await clock.advance(60_000);
  assert.equal(asked.mock.callCount(), 0, "nobody asks again and again");
  other.speak();
  await clock.advance(40);
  assert.equal(door.said.at(-1), "open", "it is heard all the same");
  await own.hub.devices.update("other", { doNotDisturb: false });
  await clock.advance(100);
  assert.deepEqual(other.said, ["open", "closed", "open"]);
  assert.equal(asked.mock.callCount(), 1);
  calls.end(call.id, undefined);
  await clock.advance(1000);
  assert.equal(own.hub.turns.holder("other").holder, undefined);
});
