import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { eventually } from "../../test/contracts/rig.ts";
import { ManualClock } from "../util/clock.ts";
import { RecoverableError } from "../util/errors.ts";
import { silentLog } from "../util/log.ts";
import type { HubDevice } from "./api.ts";
import { sealDevice } from "./device-secrets.ts";
import { type DeviceInput, settingsOf } from "./device-settings.ts";
import { locksConfig } from "./lock-settings.ts";
import { Locks } from "./locks.ts";
import type { OpeningAnswer } from "./openings.ts";

const anna = { party: "person:anna", name: "Anna" } as const;
const ben = { party: "person:ben", name: "Ben" } as const;
const wish = (by: typeof anna | typeof ben, nonce: string) => ({ by, nonce });

/** A house with one door, and what its station was asked. */
function rig(
  lock?: NonNullable<DeviceInput["bell"]>["lock"],
  { relayHosts = [], legacy = false }: { readonly relayHosts?: readonly string[]; readonly legacy?: boolean } = {},
) {
  const clock = new ManualClock();
  const asked: string[] = [];
  let answer = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  const settings = settingsOf({ name: "Front door", ...(lock && { bell: { lock } }) } as DeviceInput);
  const command: HubDevice["command"] = (name, payload, options) => {
    asked.push(`${name} ${JSON.stringify(payload)} ${options?.expiresMs}`);
    return answer.promise;
  };
  const door = { id: "front", name: "Front door", settings, info: () => ({ kind: "door" }), command };
  const audit: string[] = [];
  const opened: string[] = [];
  const locks = new Locks({
    device: (id) => (id === "front" ? (door as unknown as HubDevice) : undefined),
    isLegacy: () => legacy,
    opened: (id, by) => opened.push(`${id} by ${by?.name ?? "somebody"}`),
    audit: { record: ({ actor, detail }) => audit.push(`${actor} ${detail}`) },
    unseal: (text) => text.replace("sealed:", ""),
    clock,
    log: silentLog,
  });
  locks.follow(locksConfig.parse({ relayHosts }));
  const settle = (how: { readonly ok?: object; readonly error?: Error }) => {
    if (how.error) answer.reject(how.error);
    else answer.resolve(how.ok as Record<string, unknown>);
    answer = Promise.withResolvers();
  };
  /** A wish of a door client, in its own words; gives what it is told. */
  const order = (command: string, payload: Readonly<Record<string, unknown>> = {}) => {
    const told: OpeningAnswer[] = [];
    const given: ((told: OpeningAnswer) => void)[] = [];
    locks.order("front", {
      ...{ command, payload, openingMs: 5000, by: ben },
      open: (onAnswer) => given.push(onAnswer),
      onAnswer: (one) => told.push(one),
    });
    return { told, given };
  };
  return { clock, locks, asked, settle, audit, opened, order };
}

describe("opening a door", () => {
  it("gives a station its command once for all who ask while it opens, and while it is open; then again", async () => {
    const { clock, locks, asked, settle, audit, opened } = rig();
    const first = locks.open("front", wish(anna, "1"));
    const second = locks.open("front", wish(ben, "1"));
    assert.equal(locks.state("front").state, "opening");
    settle({ ok: {} });
    assert.deepEqual(await first, { opened: true, sentence: "Front door is open", code: "opened", joined: false });
    assert.equal((await second).joined, true);
    assert.equal((await locks.open("front", wish(ben, "2"))).opened, true);
    assert.deepEqual(asked, ["unlock {} 5000"]);
    assert.deepEqual(audit, ["Anna opened", "Ben opened", "Ben opened"]);
    assert.equal(opened[0], "front by Anna");
    assert.equal(locks.state("front").state, "open");
    await clock.advance(5000);
    assert.equal(locks.state("front").state, "locked");
    const later = locks.open("front", wish(anna, "3"));
    settle({ ok: {} });
    await later;
    assert.equal(asked.length, 2);
  });

  it("does nothing for a nonce that it had, also after the door has closed", async () => {
    const { clock, locks, asked, settle } = rig();
    const first = locks.open("front", wish(anna, "same"));
    settle({ ok: {} });
    await first;
    await clock.advance(20_000);
    const again = await locks.open("front", wish(anna, "same"));
    assert.deepEqual([again.opened, again.joined, asked.length], [true, true, 1]);
  });

  it("says why it was not opened, to all who asked; the next wish is tried anew", async () => {
    const { clock, locks, settle, opened, audit } = rig();
    const first = locks.open("front", wish(anna, "1"));
    settle({ error: new RecoverableError("unlock not done: jammed", { code: "jammed" }) });
    const result = await first;
    assert.deepEqual([result.opened, result.code], [false, "jammed"]);
    assert.match(result.sentence, /Front door was not opened: unlock not done: jammed/);
    assert.deepEqual([opened, audit], [[], ["Anna jammed"]]);
    const late = locks.open("front", wish(anna, "2"));
    await clock.advance(5000);
    assert.equal((await late).code, "timeout");
  });

  it("knows a device that has none, by settings or because there is no such device", async () => {
    const { locks } = rig({ by: "none" });
    assert.equal((await locks.open("front", wish(anna, "1"))).code, "no-lock");
    assert.equal((await locks.open("yard", wish(anna, "1"))).code, "no-lock");
  });

  it("opens an MQTT lock by whoever speaks it, and says so when nobody does", async () => {
    const { locks } = rig({ by: "mqtt", topic: "zigbee2mqtt/door/set" });
    assert.equal((await locks.open("front", wish(anna, "1"))).code, "offline");
    const sent: string[] = [];
    using _mqtt = locks.useMqtt({
      open: async ({ topic, payload }) => {
        sent.push(`${topic} ${payload}`);
      },
    });
    assert.equal((await locks.open("front", wish(anna, "2"))).opened, true);
    assert.deepEqual(sent, ["zigbee2mqtt/door/set UNLOCK"]);
  });

  it("ends what rings when the door is seen to open", () => {
    const { locks, opened } = rig();
    locks.noticed("front", true);
    assert.deepEqual([opened, locks.state("front").state], [["front by somebody"], "open"]);
  });
});

describe("wishes of door clients for a station's lock", () => {
  it("join the hub's, however their command and payload are written, while it opens and while it stands open", async () => {
    const { clock, locks, asked, settle, audit, order } = rig({
      by: "station",
      command: "open_door",
      payload: { door: 1 },
    });
    const first = locks.open("front", wish(anna, "1"));
    const joined = [
      ["unlock", {}],
      ["open", { reason: "parcel" }],
      ["unlock_door", { door: "1", seconds: 3 }],
    ] as const;
    const during = joined.map(([command, payload]) => order(command, payload));
    settle({ ok: { open: true } });
    await first;
    const after = joined.map(([command, payload]) => order(command, payload));
    for (const { told, given } of [...during, ...after]) {
      assert.deepEqual([told, given.length], [[{ status: "ok", payload: { open: true } }], 0]);
    }
    assert.equal(asked.length, 1);
    assert.deepEqual(audit, ["Anna opened", ...Array(6).fill("Ben opened")]);
    await clock.advance(5000);
    assert.equal(order("unlock", {}).given.length, 1);
  });

  it("are one with the hub's when they come first, show the lock as open, and end what rings", async () => {
    const { locks, asked, opened, order } = rig({ by: "station", opensForS: 2 });
    const { given, told } = order("open_door", { by: "button" });
    assert.equal(locks.state("front").state, "opening");
    const joined = locks.open("front", wish(anna, "1"));
    given[0]?.({ status: "ok", payload: {} });
    assert.deepEqual(told, [{ status: "ok", payload: {} }]);
    const { opened: isOpen, joined: isJoined } = await joined;
    assert.deepEqual([isOpen, isJoined, asked, locks.state("front").state], [true, true, [], "open"]);
    assert.deepEqual(opened, ["front by Ben", "front by Anna"]);
  });

  it("for another door of the station, or by a command of another meaning, are wishes of their own", async () => {
    const { locks, settle, order, asked } = rig({ by: "station", command: "unlock", payload: { door: 1 } });
    const first = locks.open("front", wish(anna, "1"));
    assert.equal(order("unlock", { door: 2 }).given.length, 1);
    assert.equal(order("open", { relay: 1 }).given.length, 1);
    settle({ ok: {} });
    await first;
    assert.equal(asked.length, 1);
    const gate = rig({ by: "station", command: "open_gate" });
    const opening = gate.locks.open("front", wish(anna, "1"));
    assert.equal(gate.order("unlock").given.length, 1);
    assert.equal(gate.order("open_gate", { by: "Ben" }).given.length, 0);
    assert.deepEqual([gate.locks.opens("open_gate", "front"), locks.opens("open_gate", "front")], [true, false]);
    gate.settle({ ok: {} });
    await opening;
  });

  it("open what the settings name, where that is not the station: MQTT, a relay, another station", async () => {
    const { locks, order } = rig({ by: "mqtt", topic: "gate/set" });
    const sent: string[] = [];
    using _mqtt = locks.useMqtt({
      open: async ({ topic, payload }) => {
        sent.push(`${topic} ${payload}`);
      },
    });
    const { told, given } = order("unlock", { by: "panel" });
    await eventually(() => told.length > 0);
    assert.deepEqual([told, sent, given.length], [[{ status: "ok", payload: {} }], ["gate/set UNLOCK"], 0]);
    assert.equal(order("unlock", { door: 2 }).given.length, 1);
    const elsewhere = rig({ by: "station", device: "shed" });
    const refused = elsewhere.order("unlock");
    await eventually(() => refused.told.length > 0);
    assert.equal(refused.told[0]?.payload["reason"], "no-station");
  });

  it("are refused, as all others, for a station that is known by its address alone, unless a setting allows it", async () => {
    const { locks, order, asked, audit, settle } = rig(undefined, { legacy: true });
    const result = await locks.open("front", wish(anna, "1"));
    assert.deepEqual([result.opened, result.code], [false, "legacy_station"]);
    assert.match(
      result.sentence,
      /Front door was not opened: it was let in by its address alone.*locks\.legacyStations/,
    );
    const { told, given } = order("unlock");
    assert.deepEqual([told[0]?.status, told[0]?.payload["reason"], given.length], ["error", "legacy_station", 0]);
    assert.deepEqual([asked, audit], [[], ["Anna legacy_station", "Ben legacy_station"]]);
    locks.follow(locksConfig.parse({ legacyStations: true }));
    const allowed = locks.open("front", wish(anna, "2"));
    settle({ ok: {} });
    assert.equal((await allowed).opened, true);
    const relay = rig({ by: "mqtt", topic: "gate/set" }, { legacy: true });
    assert.equal((await relay.locks.open("front", wish(anna, "1"))).code, "offline");
  });
});

describe("a lock that is called by HTTP", () => {
  async function relay(status: number) {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => {
        body += part.toString();
      });
      request.on("end", () => {
        seen.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`);
        response.writeHead(status, { location: "/elsewhere" }).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { seen, host, [Symbol.dispose]: () => server.close() };
  }

  it("is called once, with its template filled in and its secret opened", async () => {
    using there = await relay(204);
    const body = '{"who":"{device}","s":{seconds},"x":"{else}"}';
    const lock = {
      by: "http",
      url: `http://${there.host}/relay/0`,
      body,
      username: "u",
      password: "sealed:p",
    } as const;
    const { locks } = rig(lock, { relayHosts: [there.host] });
    assert.equal((await locks.open("front", wish(anna, "1"))).opened, true);
    assert.deepEqual(there.seen, [`POST /relay/0 Basic ${btoa("u:p")} {"who":"front","s":5,"x":"{else}"}`]);
  });

  it("is not called at a host that the configuration does not name, and follows nobody elsewhere", async () => {
    using there = await relay(302);
    const lock = { by: "http", url: `http://${there.host}/`, method: "GET" } as const;
    assert.equal(
      (await rig(lock, { relayHosts: ["relay.lan"] }).locks.open("front", wish(anna, "1"))).code,
      "relay-host",
    );
    assert.equal(there.seen.length, 0);
    const result = await rig(lock, { relayHosts: [there.host] }).locks.open("front", wish(anna, "1"));
    assert.deepEqual([result.code, there.seen.length], ["relay-refused", 1]);
  });

  it("keeps its secrets sealed", () => {
    const lock = { by: "http", url: "http://relay.lan/", token: "secret", password: "word" } as const;
    const seal = (text: string) => `sealed:${text}`;
    const sealed = sealDevice({ name: "x", arrives: "door", bell: { lock } }, { seal, secretOptions: new Set() });
    assert.deepEqual(sealed.bell?.lock, { ...lock, token: "sealed:secret", password: "sealed:word" });
  });
});
