import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../../../util/clock.ts";
import { silentLog } from "../../../util/log.ts";
import { Bus } from "../../bus.ts";
import { maxStations, offlineMs, type StationList, ToldStations } from "./told-stations.ts";

const kitchen = "intercom_9a0b1c2d";
const infoOf = (id: string, room = "Kitchen") => `{"room":"${room}","ip":"192.0.2.9","id":"${id}"}`;

/** A list of stations that writes down what it is told. */
function openHouse(own: readonly string[] = []) {
  const clock = new ManualClock();
  const bus = new Bus({ clock, log: silentLog });
  const told: string[] = [];
  const said: string[] = [];
  const list: StationList = {
    told: ({ id, name, address, isMobile, calls, cancelsEcho }) => {
      const more = [isMobile && " mobile", calls && " calls", cancelsEcho && " no echo"].filter(Boolean).join("");
      told.push(`told ${id} ${name} ${address}${more}`);
    },
    status: (id, online) => told.push(`${online ? "online" : "offline"} ${id}`),
    said: (id, { state, target = "nobody" }) => said.push(`${state} ${target} ${id}`),
    aims: (id, target) => said.push(`aims ${target} ${id}`),
    reported: (id, report) => told.push(`${JSON.stringify(report)} ${id}`),
    gone: (id) => told.push(`gone ${id}`),
  };
  const stations = new ToldStations({ bus, stations: list, isOwn: (id) => own.includes(id), clock, log: silentLog });
  const say = (topic: string, payload: string | Uint8Array, retained = false) =>
    bus.receive({ topic, payload: Buffer.from(payload), retained });
  const since = () => told.splice(0);
  return { clock, bus, stations, say, since, said };
}

/** A house in which the kitchen is there. */
function withKitchen() {
  const house = openHouse();
  house.say(`intercom/devices/${kitchen}/info`, infoOf(kitchen), true);
  house.say(`intercom/${kitchen}/status`, "online", true);
  house.since();
  return house;
}

describe("what stations tell over MQTT", () => {
  it("lists a station once it has said who and that it is there, in either order", () => {
    const house = openHouse();
    house.say(`intercom/devices/${kitchen}/info`, infoOf(kitchen), true);
    assert.deepEqual(house.since(), [], "what was kept of a station says nothing of its being there");
    house.say(`intercom/${kitchen}/status`, "online", true);
    assert.deepEqual(house.since(), [`told ${kitchen} Kitchen 192.0.2.9`, `online ${kitchen}`]);
    house.say("intercom/intercom_00000002/status", "online", true);
    assert.deepEqual(house.since(), []);
    house.say("intercom/devices/intercom_00000002/info", infoOf("intercom_00000002", "Hall"), true);
    assert.deepEqual(house.since(), ["told intercom_00000002 Hall 192.0.2.9", "online intercom_00000002"]);
  });

  it("says of a station whether it knows of calls, and whether it cancels its echo", () => {
    const house = openHouse();
    const info = (more: object) => JSON.stringify({ room: "Kitchen", ip: "192.0.2.9", id: kitchen, ...more });
    house.say(`intercom/${kitchen}/status`, "online");
    for (const more of [{ calls: "1" }, { calls: "1", echo: "cancelled" }, { echo: "heard" }, { calls: 1 }]) {
      house.say(`intercom/devices/${kitchen}/info`, info(more));
    }
    assert.deepEqual(
      house.since().filter((line) => line.startsWith("told")),
      [" calls", " calls no echo", "", ""].map((more) => `told ${kitchen} Kitchen 192.0.2.9${more}`),
    );
  });

  it("tells that it began anew when it says again that it is there, also if nobody noticed that it was gone", () => {
    const { say, since } = withKitchen();
    say(`intercom/${kitchen}/status`, "online");
    say(`intercom/${kitchen}/status`, "online", true);
    say(`intercom/${kitchen}/state`, "idle");
    assert.deepEqual(since(), [`online ${kitchen}`]);
  });

  it("passes on what a station reports, and nothing that was kept or is none", () => {
    const { say, since } = withKitchen();
    say(`intercom/${kitchen}/key`, "200");
    say(`intercom/${kitchen}/key`, "5", true);
    say(`intercom/${kitchen}/heard`, '{"from":"00000000000000aa","heard":480,"lost":20}');
    for (const junk of ["256", "-1", "", "null"]) say(`intercom/${kitchen}/key`, junk);
    for (const junk of ["null", "{}", '{"from":"x","heard":1,"lost":0}']) say(`intercom/${kitchen}/heard`, junk);
    assert.deepEqual(since(), [
      `{"kind":"key","keyId":200} ${kitchen}`,
      `{"kind":"heard","from":"00000000000000aa","heard":480,"lost":20} ${kitchen}`,
    ]);
  });

  it("takes it away when it was offline for five seconds and silent", async () => {
    const { clock, say, since } = withKitchen();
    say(`intercom/${kitchen}/status`, "offline");
    assert.deepEqual(since(), [`offline ${kitchen}`]);
    await clock.advance(offlineMs - 1);
    say(`intercom/${kitchen}/status`, "offline");
    assert.deepEqual(since(), []);
    await clock.advance(1);
    assert.deepEqual(since(), [`gone ${kitchen}`]);
  });

  it("keeps a station that shows that it is alive after a last will that came late", async () => {
    for (const [topic, payload] of [
      [`intercom/${kitchen}/status`, "online"],
      [`intercom/${kitchen}/state`, "idle"],
      [`intercom/${kitchen}/volume`, "40"],
      [`intercom/devices/${kitchen}/info`, infoOf(kitchen)],
    ] as const) {
      const { clock, say, since } = withKitchen();
      say(`intercom/${kitchen}/status`, "offline");
      await clock.advance(offlineMs - 1);
      say(topic, payload);
      await clock.advance(60_000);
      const told = since().filter((line) => !line.startsWith("told"));
      assert.deepEqual(told, [`offline ${kitchen}`, `online ${kitchen}`], topic);
    }
  });

  it("lists a station again that speaks after it was gone, without being told its name again", async () => {
    const { clock, say, since } = withKitchen();
    say(`intercom/${kitchen}/status`, "offline");
    await clock.advance(offlineMs);
    since();
    say(`intercom/${kitchen}/state`, '{"state":"idle"}');
    assert.deepEqual(since(), [`told ${kitchen} Kitchen 192.0.2.9`, `online ${kitchen}`]);
  });

  it("takes away at once what somebody emptied, and nothing of what it does not know", () => {
    const { say, since } = withKitchen();
    say("intercom/devices/intercom_00000009/info", "");
    say(`intercom/devices/${kitchen}/info`, "");
    assert.deepEqual(since(), [`gone ${kitchen}`]);
    say(`intercom/${kitchen}/status`, "");
    say(`intercom/${kitchen}/state`, "");
    say(`intercom/devices/${kitchen}/info`, "");
    assert.deepEqual(since(), []);
  });

  it("keeps in mind how each stands, also what was kept from before it was listed", () => {
    const { stations, say, said } = openHouse();
    say(`intercom/${kitchen}/volume`, "55", true);
    say(`intercom/${kitchen}/mute`, "ON", true);
    say(`intercom/${kitchen}/dnd`, "off", true);
    say(`intercom/${kitchen}/target`, "Hall", true);
    say(`intercom/${kitchen}/priority`, "High", true);
    say(`intercom/${kitchen}/state`, '{"state":"transmitting","target":"Hall"}');
    assert.deepEqual(stations.values(kitchen), {
      ...{ volume: 55, mute: true, dnd: false, target: "Hall", priority: 1 },
      ...{ activity: "transmitting", speaksTo: "Hall" },
    });
    say(`intercom/devices/${kitchen}/info`, infoOf(kitchen));
    assert.deepEqual(said, [`transmitting Hall ${kitchen}`, `aims Hall ${kitchen}`]);
    say(`intercom/${kitchen}/state`, "idle");
    assert.equal(said.at(-1), `idle nobody ${kitchen}`);
    assert.deepEqual([stations.values(kitchen).activity, stations.values(kitchen).speaksTo], ["idle", ""]);
  });

  it("is disturbed by nothing that nobody expects, and believes no station about another", () => {
    const { say, since, stations } = withKitchen();
    const odd = ["null", "[]", '"x"', "17", "{", "nan", "1e999", "[".repeat(5000), "x".repeat(200_000), "\u0000"];
    const objects = ['{"id":{},"room":[],"ip":1}', '{"target":null}', infoOf("intercom_00000002")];
    const topics = ["devices/*/info", "*/state", "*/status", "*/volume", "*/mute", "*/dnd", "*/target", "*/priority"];
    for (const topic of topics) {
      for (const payload of [...odd, ...objects, Buffer.from([0xff, 0xfe]), Buffer.alloc(1_000_000, "1")]) {
        say(`intercom/${topic.replace("*", kitchen)}`, payload);
      }
    }
    assert.deepEqual(
      since().filter((line) => !line.startsWith(`told ${kitchen}`)),
      [],
    );
    const { volume = 0, ...values } = stations.values(kitchen);
    assert.ok(volume <= 100);
    for (const value of Object.values(values)) assert.ok(String(value).length <= 64);
  });

  it("leaves alone what the hub says for itself", () => {
    const { say, since } = openHouse([kitchen]);
    say(`intercom/devices/${kitchen}/info`, infoOf(kitchen));
    say(`intercom/${kitchen}/status`, "online");
    assert.deepEqual(since(), []);
  });

  it("keeps in mind 256 stations, of which those that are there stay", () => {
    const { say, since } = withKitchen();
    for (let number = 0; number < 2 * maxStations; number++) {
      say(`intercom/intercom_${number.toString(16).padStart(8, "0")}/volume`, "5");
    }
    const here = (number: number) => `intercom_f${number.toString(16).padStart(7, "0")}`;
    for (let number = 0; number < maxStations; number++) {
      say(`intercom/devices/${here(number)}/info`, infoOf(here(number)));
    }
    const listed = since().filter((line) => line.startsWith("online"));
    assert.equal(listed.length, maxStations - 1, "the kitchen is there already");
  });

  it("gives the stations a minute to come back to a broker that has forgotten them", async () => {
    const { bus, clock, say, since } = withKitchen();
    const link = { publish: () => {}, subscribe: () => {}, unsubscribe: () => {} };
    const first = bus.plug(link);
    await clock.advance(1000);
    first[Symbol.dispose]();
    await clock.advance(120_000);
    assert.deepEqual(since(), [], "while nobody is connected nothing is known");
    bus.plug(link);
    await clock.advance(59_000);
    say(`intercom/${kitchen}/state`, "idle");
    await clock.advance(120_000);
    assert.deepEqual(since(), []);
    bus.plug(link);
    await clock.advance(60_000);
    assert.deepEqual(since(), [`gone ${kitchen}`]);
  });
});
