import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deviceOf, rooms, silenceMs, stationHouse } from "../../../../test/station-house.ts";
import { opusFormat } from "../../../media/format.ts";
import { Track } from "../../../media/track.ts";

describe("a room station in a call", () => {
  it("calls by its button, is answered by talking, hears and is heard there alone, and hangs up by its button", async () => {
    await using of = await stationHouse();
    const { clock, say, press, heardIn, states, call } = of;
    assert.equal(press("kitchen", "office"), undefined);
    await clock.advance(100);
    assert.deepEqual([call()?.from.name, call()?.rung.map(({ name }) => name)], ["Kitchen", ["Office"]]);
    const first = await say("office", 600);
    assert.equal(call()?.answeredBy?.name, "Office");
    assert.ok(heardIn("kitchen") > 20, "the first words are heard");
    first.end();
    const before = heardIn("office");
    (await say("kitchen", 600)).end();
    assert.ok(heardIn("office") - before > 20);
    assert.equal(heardIn("attic"), 0, "nobody else hears it");
    press("kitchen", "office");
    assert.deepEqual(states, ["ringing Kitchen", "confirmed Office", "answered Office", "ended Kitchen ended"]);
    await clock.advance(1000);
    assert.equal(of.hub.turns.holder(deviceOf("office")).holder, undefined);
    assert.equal(of.hub.turns.holder(deviceOf("kitchen")).holder, undefined);
  });

  it("calls nobody any more when its button is pressed again while it rings", async () => {
    await using of = await stationHouse();
    of.press("kitchen", "office");
    await of.clock.advance(1500);
    of.press("kitchen", "attic");
    assert.deepEqual(of.states.at(-1), "ended Kitchen cancelled");
    assert.equal(of.call(), undefined);
  });

  it("that talks before anybody has answered speaks to the room as ever, and it rings no longer", async () => {
    await using of = await stationHouse();
    of.press("kitchen", "office");
    of.stations.said(rooms.kitchen.id, { state: "transmitting", target: "Office" });
    assert.deepEqual(of.states.at(-1), "ended Kitchen cancelled");
    await of.clock.advance(600);
    (await of.say("kitchen", 600)).end();
    assert.ok(of.heardIn("office") > 20);
    assert.equal(of.heardIn("attic"), 0);
  });

  it("answers by a talk of which the hub only hears that it began", async () => {
    await using of = await stationHouse();
    of.press("kitchen", "office");
    of.stations.said(rooms.office.id, { state: "transmitting", target: "Attic" });
    (await of.say("office", 100)).end();
    assert.equal(of.call()?.state, "ringing", "what it says to somebody else is no answer");
    of.stations.said(rooms.office.id, { state: "idle" });
    of.stations.said(rooms.office.id, { state: "transmitting", target: "Kitchen" });
    assert.equal(of.call()?.answeredBy?.name, "Office");
  });

  it("answers once: the talk of another that was rung, too, is no answer", async () => {
    await using of = await stationHouse();
    of.calls.press(deviceOf("kitchen"), [`device:${deviceOf("office")}`, `device:${deviceOf("attic")}`]);
    (await of.say("attic", 100)).end();
    (await of.say("office", 100)).end();
    assert.equal(of.call()?.answeredBy?.name, "Attic");
    assert.deepEqual(
      of.call()?.participants.map(({ name }) => name),
      ["Kitchen", "Attic"],
    );
  });

  it("is sent nothing while nobody speaks, so that it can, and nothing while it speaks itself", async () => {
    await using of = await stationHouse();
    of.press("kitchen", "office");
    (await of.say("office", 100)).end();
    (await of.say("office", 1000, { level: "quiet" })).end();
    const before = of.heardIn("kitchen");
    (await of.say("office", 3000, { level: "quiet" })).end();
    assert.equal(of.heardIn("kitchen"), before, "quiet is not sent");
    const talking = of.say("kitchen", 800);
    (await of.say("office", 800)).end();
    (await talking).end();
    assert.equal(of.heardIn("kitchen"), before, "it could not hear it");
    await of.clock.advance(600);
    (await of.say("office", 800)).end();
    assert.ok(of.heardIn("kitchen") - before > 20);
  });

  it("that knows of calls hears all of it, also while it speaks, and answers by no talk", async () => {
    await using of = await stationHouse({ knows: ["kitchen"] });
    of.press("office", "kitchen");
    (await of.say("kitchen", 100)).end();
    assert.equal(of.call()?.state, "ringing");
    assert.equal(of.calls.answer(deviceOf("kitchen")), true);
    await of.clock.advance(100);
    const talking = of.say("kitchen", 1000);
    (await of.say("office", 1000, { level: "quiet" })).end();
    (await talking).end();
    assert.ok(of.heardIn("kitchen") > 20);
  });

  it("leaves after a long silence, and no sooner than that", async () => {
    await using of = await stationHouse();
    of.press("kitchen", "office");
    (await of.say("office", 100)).end();
    await of.clock.advance(silenceMs - 2000);
    (await of.say("kitchen", 100)).end();
    await of.clock.advance(silenceMs - 2000);
    assert.equal(of.call()?.state, "answered");
    await of.clock.advance(2500);
    assert.match(of.states.at(-1) ?? "", /^ended (Kitchen|Office) ended$/);
  });

  it("that knows of calls is never hung up for its silence", async () => {
    await using of = await stationHouse({ knows: ["kitchen", "office"] });
    of.press("kitchen", "office");
    of.calls.answer(deviceOf("office"));
    await of.clock.advance(10 * silenceMs);
    assert.equal(of.call()?.state, "answered");
  });

  it("that is gone has left, and the others are told who", async () => {
    await using of = await stationHouse();
    of.press("kitchen", "office");
    (await of.say("office", 100)).end();
    of.stations.status(rooms.office.id, false);
    await of.clock.advance(11_000);
    assert.equal(of.states.at(-1), "ended Office gone");
  });

  it("is spoken to in an emergency as ever, in a call, too, and its own is one", async () => {
    await using of = await stationHouse();
    of.press("kitchen", "office");
    (await of.say("office", 100)).end();
    of.stations.said(rooms.kitchen.id, { state: "transmitting", target: "Attic" });
    (await of.say("kitchen", 600, { priority: 2 })).end();
    assert.ok(of.heardIn("attic") > 20);
    assert.equal(of.call()?.state, "answered");
  });

  it("calls a door, which is connected to and answers at once", async () => {
    await using of = await stationHouse();
    assert.equal(of.press("kitchen", "door"), undefined);
    assert.equal(of.call()?.answeredBy?.name, "door");
    await of.clock.advance(200);
    let said = 0;
    of.rig.camera.running.get("door")?.offerSpeaker({
      formats: [opusFormat],
      echoCancelling: true,
      play: async (speech) => {
        for await (const _ of speech.frames) said++;
      },
    });
    await of.clock.advance(200);
    (await of.say("kitchen", 600)).end();
    assert.ok(said > 20);
    await of.clock.advance(6000);
    assert.equal(of.call()?.state, "answered", "it stays");
    of.press("kitchen", "door");
    assert.equal(of.states.at(-1), "ended Kitchen ended");
  });

  it("calls nobody through whom it may not talk", async () => {
    await using of = await stationHouse({ enrolment: "pending" });
    assert.equal(of.press("kitchen", "office"), `${deviceOf("kitchen")} may not talk there`);
    assert.equal(of.call(), undefined);
  });

  it("calls and answers with the rights of a station, once it was let in", async () => {
    await using of = await stationHouse({ enrolment: "pending" });
    for (const room of ["kitchen", "office"] as const) {
      await of.hub.reception.approve(deviceOf(room), { legacy: true, by: "Anna" });
    }
    await of.clock.advance(1000);
    assert.equal(of.press("kitchen", "office"), undefined);
    (await of.say("office", 100)).end();
    assert.equal(of.call()?.answeredBy?.name, "Office");
    const audit = of.rig.identity.audit.list({ limit: 50 }).map(({ action }) => action);
    assert.deepEqual([audit.includes("call"), audit.includes("call-answered")], [true, true]);
  });

  it("calls a person, who hears it and is heard there while they speak", async () => {
    await using of = await stationHouse();
    const { hub, clock } = of;
    const { id } = await of.rig.person({ name: "Anna" });
    const anna = { party: `person:${id}`, name: "Anna" } as const;
    using _page = hub.calls.addRinger({ ...anna, mayAnswer: () => true, ring: () => {}, stop: () => {} });
    assert.equal(of.calls.press(deviceOf("kitchen"), [anna.party]), undefined);
    const call = of.call()?.id ?? "";
    assert.equal(hub.calls.answer(call, anna).state, "done");
    const voice = new Track(opusFormat, { id: "anna", clock });
    using _voice = hub.callMedia.speak(call, { party: anna.party, voice });
    using ear = hub.callMedia.ear(call, anna.party)?.read({ maxFrames: 500 });
    await clock.advance(100);
    for (const level of ["quiet", "loud"] as const) {
      for (let n = 0; n < 30; n++) {
        const data = of.sound[level][n % 10] as Uint8Array;
        voice.write({ data, timestampUs: clock.nowUs(), durationUs: 20_000, key: true });
        await clock.advance(20);
      }
      assert.equal(of.heardIn("kitchen") > 20, level === "loud", level);
    }
    (await of.say("kitchen", 600)).end();
    assert.ok((ear?.queued ?? 0) > 20);
    hub.calls.end(call, anna);
    assert.equal(of.states.at(-1), "ended Anna ended");
  });

  it("is called by a person and answers by talking", async () => {
    await using of = await stationHouse();
    const { id } = await of.rig.person({ name: "Anna" });
    const anna = { party: `person:${id}`, name: "Anna" } as const;
    of.hub.calls.call({ from: anna, to: [`device:${deviceOf("kitchen")}`] });
    (await of.say("kitchen", 100)).end();
    assert.equal(of.call()?.answeredBy?.name, "Kitchen");
  });
});
