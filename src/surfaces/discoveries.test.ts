import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { Discoveries, goneMs, stepMs } from "./discoveries.ts";
import { deviceDocument } from "./discovery.ts";
import type { Said } from "./told-store.ts";

const hub = "intercom_00000001";
const yard = `${hub}_yard`;
const [yardTopic, hubTopic] = [yard, hub].map((id) => `homeassistant/device/${id}/config`);

/** What a version of the hub remembers from the one before, over as many lives as a test needs. */
function house(
  before: { readonly said?: readonly (readonly [string, Said])[]; readonly bells?: readonly string[] } = {},
) {
  const clock = new ManualClock();
  const said: (readonly [string, string])[] = [];
  const kept = new Map<string, Said>(before.said);
  const bells = new Set(before.bells);
  const devices = new Set(["yard"]);
  const hidden = new Set<string | undefined>();
  const life = { connected: true };
  const begin = () => {
    const one = new Discoveries({
      publish: (topic, payload) => life.connected && said.push([topic, payload]) > 0,
      isConnected: () => life.connected,
      clock,
    });
    one.follow({
      shows: (deviceId) => !hidden.has(deviceId),
      exists: (deviceId) => devices.has(deviceId),
      moved: (id) => (bells.delete(id) ? `homeassistant/device/${id}_bell/config` : undefined),
      strays: () => [],
      store: {
        load: () => new Map(kept),
        save: (id, what) => (what ? kept.set(id, what) : kept.delete(id)),
      },
    });
    return one;
  };
  const told = (names: readonly string[]) => ({
    id: yard,
    deviceId: "yard",
    document: deviceDocument({
      ...{ id: yard, name: "Yard", model: "Camera", version: "1", via: hub, availabilityTopics: ["a", "b"] },
      components: Object.fromEntries(names.map((one) => [one, { platform: "switch", unique_id: `${yard}_${one}` }])),
    }),
  });
  const names = () =>
    said.splice(0).map(([topic, payload]) => {
      const parsed = payload === "" ? undefined : JSON.parse(payload);
      const components = Object.entries(parsed?.components ?? {}) as [string, { unique_id?: string }][];
      const words = components.map(([name, { unique_id: id }]) => (id === undefined ? `-${name}` : name)).join(" ");
      return `${topic.replace("homeassistant/device/", "").replace("/config", "")}: ${parsed?.migrate_discovery ? "moves" : words}`;
    });
  return { clock, said, kept, devices, hidden, life, begin, told, names };
}

describe("what Home Assistant is told of devices", () => {
  it("takes away an entity that is no more in two steps, and not one that comes back while the hub starts", async () => {
    const { clock, begin, told, names } = house();
    begin().tell(told(["mute", "dnd"]));
    assert.deepEqual(names(), [`${yard}: mute dnd`]);
    const next = begin();
    next.tell(told(["mute"]));
    next.tell(told(["mute", "dnd"]));
    await clock.advance(goneMs + stepMs);
    assert.deepEqual(names(), [`${yard}: mute`, `${yard}: mute dnd`]);
    next.tell(told(["mute"]));
    await clock.advance(goneMs);
    assert.deepEqual(names(), [`${yard}: mute`, `${yard}: mute -dnd`]);
    await clock.advance(stepMs);
    assert.deepEqual(names(), [`${yard}: mute`]);
    await clock.advance(60_000);
    assert.deepEqual(names(), []);
  });

  it("leaves Home Assistant time for what it is told of a device, and says then how it stands", async () => {
    const { clock, begin, told, names } = house();
    const one = begin();
    for (const parts of [["mute"], ["mute", "dnd"], ["mute", "dnd", "volume"]]) one.tell(told(parts));
    assert.deepEqual(names(), [`${yard}: mute`]);
    await clock.advance(stepMs - 1);
    assert.deepEqual(names(), []);
    await clock.advance(1);
    assert.deepEqual(names(), [`${yard}: mute dnd volume`]);
  });

  it("takes away a device that is no more, also one that went while the hub was not running; one that is away stays", async () => {
    const { begin, told, names, devices, kept } = house();
    begin().tell(told(["mute"]));
    begin();
    assert.deepEqual(names(), [`${yard}: mute`], "it is away, and told of later");
    devices.clear();
    begin();
    assert.deepEqual(names(), [`${yard}: `]);
    assert.equal(kept.size, 0);
    begin();
    assert.deepEqual(names(), [], "Home Assistant complains of an empty message about nothing");
  });

  it("says nothing of what is shown by somebody else, and all of it when that is over", async () => {
    const { clock, begin, told, said, hidden, names } = house();
    const one = begin();
    one.tell(told(["mute"]));
    said.length = 0;
    hidden.add("yard");
    one.sayAll();
    one.sayAll();
    assert.deepEqual(said, [[yardTopic, ""]], "once");
    begin().tell(told(["mute"]));
    assert.equal(said.length, 1, "nor after a restart");
    hidden.clear();
    await clock.advance(stepMs);
    one.sayAll();
    assert.deepEqual(names(), [`${yard}: `, `${yard}: mute`]);
  });

  it("names the hub as the way only where the hub is shown", async () => {
    const { clock, begin, told, said, hidden } = house();
    const via = () => JSON.parse(said.at(-1)?.[1] ?? "{}").device.via_device;
    const one = begin();
    one.tell(told(["mute"]));
    assert.equal(via(), hub);
    hidden.add(undefined);
    one.sayAll();
    await clock.advance(stepMs);
    assert.equal(via(), undefined);
    assert.ok(said.every(([topic]) => topic !== hubTopic));
  });

  it("moves what an earlier version told of on a further topic, and waits until Home Assistant is ready for it", async () => {
    const { clock, begin, told, names } = house({ bells: [yard] });
    begin().tell(told(["mute", "doorbell"]));
    assert.deepEqual(names(), [`${yard}_bell: moves`]);
    await clock.advance(stepMs);
    assert.deepEqual(names(), [`${yard}: mute doorbell`]);
    begin().tell(told(["mute", "doorbell"]));
    assert.deepEqual(names(), [`${yard}: mute doorbell`]);
  });

  it("waits for a connection, and remembers nothing that nobody heard", async () => {
    const { begin, told, names, life, kept } = house();
    life.connected = false;
    const one = begin();
    one.tell(told(["mute"]));
    assert.deepEqual([names(), kept.size], [[], 0]);
    life.connected = true;
    one.sayAll();
    assert.deepEqual(names(), [`${yard}: mute`]);
  });
});
