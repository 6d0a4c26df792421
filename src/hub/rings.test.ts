import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Rig, startRig } from "../../test/web-rig.ts";
import type { Ring } from "./rings.ts";

const cameras = { yard: "fake://x/?speaker", gate: "fake://x/?speaker" };

/** Lends a browser that is a station, which says what it can do. */
async function panel(rig: Rig, can: { readonly plays: boolean; readonly speaks: boolean }) {
  const { hub } = rig;
  const arrival = { kind: "page", id: "wall", name: "Wall", address: "127.0.0.1" } as const;
  const device = await hub.reception.admit(arrival, new AbortController().signal);
  device.offerSpeaker({
    formats: [{ kind: "audio", codec: "opus", sampleRateHz: 48_000, channels: 2 }],
    echoCancelling: true,
    play: async (speech) => {
      for await (const _ of speech.frames);
    },
  });
  device.ready();
  device.emit({ type: "health", values: can });
  return device;
}

describe("rings", () => {
  it("reach those that may be disturbed and can play, by the settings of each and of the house", async () => {
    await using rig = await startRig(cameras, { enrolment: "open" });
    const { hub } = rig;
    const wall = await panel(rig, { plays: false, speaks: true });
    const ring = () =>
      hub.rings.ring({ to: ["all"], talker: { id: "anna", name: "Anna" }, priority: 0 }).ring?.deviceIds;
    assert.deepEqual(ring(), ["yard", "gate"], "a browser that nobody has touched cannot ring");
    wall.emit({ type: "health", values: { plays: true, speaks: true } });
    await hub.devices.update("gate", { doNotDisturb: true });
    assert.deepEqual(ring(), ["yard", "wall"]);
    hub.turns.setHouse({ volume: 1, muted: false, doNotDisturb: true }, hub.devices.list());
    assert.equal(ring(), undefined, "nobody in the house is to be disturbed");
    const urgent = hub.rings.ring({ to: ["device:gate"], talker: { id: "anna", name: "Anna" }, priority: 2 });
    assert.deepEqual(urgent.ring?.deviceIds, ["gate"]);
  });

  it("are told when they begin and when their chime is over", async () => {
    await using rig = await startRig(cameras, { enrolment: "open" });
    const { hub } = rig;
    const told: string[] = [];
    const say = (what: string) => (ring: Ring) => told.push(`${what} ${ring.id} ${ring.caller} ${ring.callId ?? ""}`);
    using _rings = hub.rings.onRing(say("rings"));
    using _over = hub.rings.onOver(say("over"));
    const { turn } = hub.rings.ring({ to: ["all"], talker: { id: "x", name: "Anna" }, priority: 0, callId: "c1" });
    assert.deepEqual(told, ["rings 1 Anna c1"]);
    turn.cancel();
    await turn.done;
    await new Promise(setImmediate);
    assert.deepEqual(told, ["rings 1 Anna c1", "over 1 Anna c1"]);
  });

  it("tell whoever speaks to a browser without a microphone that it listens only", async () => {
    await using rig = await startRig({}, { enrolment: "open" });
    await panel(rig, { plays: true, speaks: false });
    const { hub } = rig;
    const heard = Promise.withResolvers<unknown>();
    const { turn } = hub.rings.ring({
      to: ["device:wall"],
      talker: { id: "anna", name: "Anna" },
      priority: 0,
      onHearing: ([first]) => first?.state === "playing" && heard.resolve(first),
    });
    using _turn = turn;
    assert.deepEqual(await heard.promise, {
      ...{ deviceId: "wall", state: "playing", reason: "listens only", code: "listens-only" },
    });
  });
});
