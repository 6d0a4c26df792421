import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import WebSocket from "ws";
import { eventually } from "../../../test/contracts/rig.ts";
import { checkHubMessage } from "../../../test/hub-messages.ts";
import { offerSdp, type Person, type Rig, startRig } from "../../../test/web-rig.ts";
import { configSchema } from "../../config.ts";
import { asyncApiDocument } from "./asyncapi.ts";
import { hubMessageSchemas } from "./hub-schemas.ts";
import { pageMessageSchema } from "./messages.ts";

type Told = Readonly<Record<string, unknown>> & { readonly type: string };

/** Somebody who follows the events: each is held against its schema. */
async function follow(rig: Rig, as: Person) {
  const socket = new WebSocket(`${rig.url.replace("http", "ws")}api/v1/events`, { headers: { cookie: as.cookie } });
  const told: Told[] = [];
  const faults: unknown[] = [];
  socket.on("message", (data) => {
    try {
      checkHubMessage(String(data));
    } catch (error) {
      faults.push(error);
    }
    told.push(JSON.parse(String(data)) as Told);
  });
  await once(socket, "open");
  const types = () => new Set(told.map(({ type }) => type));
  const of = (type: string) => told.filter((message) => message.type === type);
  const until = (type: string, least = 1) => eventually(() => of(type).length >= least);
  return { told, faults, types, of, until, socket, say: (message: unknown) => socket.send(JSON.stringify(message)) };
}

async function watch(rig: Rig, as: Person, query = "") {
  const headers = { "content-type": "application/sdp" };
  const answer = await rig.call("POST", `/whep/front${query}`, { as, headers, body: offerSdp });
  assert.equal(answer.status, 201, answer.text);
  return (answer.headers.get("location") ?? "").split("/").at(-1) ?? "";
}

const packet = { data: Uint8Array.of(1, 2, 3, 4, 5), timestampUs: 0, key: true, durationUs: 20_000 };

describe("the hub's events", () => {
  it("are each what their schema says, and no schema is of something that is never told", async () => {
    await using rig = await startRig({ front: "fake://x/?video&speaker", yard: "fake://x/?video&speaker" });
    const { hub } = rig;
    const anna = await rig.person({ name: "Anna", administrator: true });
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "*", rights: ["view", "talk"] }] });
    hub.follow(configSchema.parse({ devices: {}, groups: { outside: ["front"] } }));
    await rig.call("PATCH", "/api/v1/wall", { as: anna, body: { order: ["yard"] } });
    const page = await follow(rig, anna);
    await page.until("wall");

    // What the page itself does.
    page.say({ type: "ping" });
    page.say({ type: "nonsense" });
    const voice = await watch(rig, anna);
    page.say({ type: "talk-take", turn: 1, to: ["device:front"], voice });
    await page.until("hearing");
    page.say({ type: "talk-take", turn: 2, to: ["device:nobody"], voice });
    page.say({ type: "talk-release", turn: 1 });
    await eventually(() => page.of("talk").some(({ state }) => state === "released"));
    await watch(rig, anna, "?talk=auto");
    rig.webrtc.viewers.at(-1)?.say(packet);
    await eventually(() => page.of("microphone").some(({ state }) => state === "granted"));

    // What happens in the house.
    hub.devices.get("yard")?.noticeMotion(true);
    hub.devices.get("yard")?.noticeMotion(false);
    await hub.devices.update("yard", { enabled: false });
    await page.until("availability");
    hub.locks.noticed("front", true);
    hub.calls.ring({ from: "front" });
    hub.rings.ring({ to: ["device:front"], talker: { id: "ben", name: "Ben" }, priority: 0 }).turn.cancel();
    await page.until("ring-over");
    const bens = await follow(rig, ben);
    await page.until("presence");
    bens.socket.close();
    await page.until("presence", 2);
    assert.throws(() => hub.reception.check({ kind: "whip", id: "shed", address: "192.168.1.9" }), { code: "pending" });
    rig.identity.faults.raise("test", { what: "Something", advice: "Mend it" });
    await hub.devices.remove("yard");
    await page.until("removed");
    await page.until("device");
    // One that comes now is told of the calls, faults and devices that there are.
    const late = await follow(rig, anna);
    await late.until("calls");
    await rig.call("POST", "/api/v1/logout", { as: anna });
    await once(page.socket, "close");

    assert.deepEqual([...page.faults, ...late.faults, ...bens.faults], []);
    const all = new Set([...page.types(), ...late.types()]);
    assert.deepEqual([...all].sort(), Object.keys(hubMessageSchemas).sort());
    assert.deepEqual(
      page.of("motion").map(({ device, active }) => [device, active]),
      [
        ["yard", true],
        ["yard", false],
      ],
    );
    assert.deepEqual(
      page.of("presence").map(({ who, present }) => [(who as { readonly name: string }).name, present]),
      [
        ["Ben", true],
        ["Ben", false],
      ],
    );
    const [{ available, phase, device } = {} as Told] = page.of("availability");
    assert.deepEqual([device, available, phase], ["yard", false, "disabled"]);
    const holders = page.of("floor").map(({ holder }) => (holder as { readonly name: string } | undefined)?.name);
    assert.ok(holders.includes("Anna") && holders.includes(undefined), JSON.stringify(holders));
    assert.equal(page.of("lock")[0]?.["state"], "open");
  });

  it("of devices are told to whoever sees those, and to nobody else", async () => {
    await using rig = await startRig({ front: "fake://x/?video&speaker", yard: "fake://x/?video&speaker" });
    await rig.person({ name: "Anna", administrator: true });
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "device:front", rights: ["view"] }] });
    const page = await follow(rig, ben);
    await page.until("devices");
    for (const id of ["yard", "front"]) {
      rig.hub.devices.get(id)?.noticeMotion(true);
      rig.hub.locks.noticed(id, true);
    }
    await page.until("lock");
    assert.deepEqual(
      new Set(page.told.flatMap(({ device }) => (typeof device === "string" ? [device] : []))),
      new Set(["front"]),
    );
  });
});

describe("the AsyncAPI document", () => {
  it("is of version 3.0, leads nowhere that is not there, and has each message once", () => {
    const document = asyncApiDocument() as Readonly<Record<string, unknown>>;
    assert.equal(document["asyncapi"], "3.0.0");
    const allowed = ["asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components"];
    assert.deepEqual(
      Object.keys(document).filter((key) => !allowed.includes(key)),
      [],
    );
    for (const ref of referencesIn(document)) assert.ok(found(document, ref), ref);
    const { messages } = document["components"] as { readonly messages: Readonly<Record<string, unknown>> };
    const readers = pageMessageSchema.options.map(({ shape }) => `reader.${shape.type.value}`);
    const hubs = Object.keys(hubMessageSchemas).map((type) => `hub.${type}`);
    assert.deepEqual(Object.keys(messages).sort(), [...hubs, ...readers].sort());
    // Keys of components, as AsyncAPI 3.0 writes them.
    for (const name of Object.keys(messages)) assert.match(name, /^[\w.-]+$/);
    for (const { payload, summary } of Object.values(messages) as { payload: unknown; summary?: string }[]) {
      assert.equal(
        (payload as { readonly type?: string; anyOf?: unknown }).type ?? "anyOf",
        (payload as { anyOf?: unknown }).anyOf ? "anyOf" : "object",
      );
      assert.ok(summary === undefined || summary.endsWith("."));
    }
  });

  it("is served to whoever is signed in", async () => {
    await using rig = await startRig();
    const anna = await rig.person({ name: "Anna", administrator: true });
    const { json } = await rig.call("GET", "/api/v1/asyncapi.json", { as: anna });
    assert.deepEqual(json, JSON.parse(JSON.stringify(asyncApiDocument())));
  });
});

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    return key === "$ref" && typeof inner === "string" ? [inner] : referencesIn(inner);
  });
}

function found(document: unknown, ref: string): boolean {
  const at = ref.replace(/^#\//, "").split("/");
  return (
    at.reduce<unknown>((inner, key) => (inner as Readonly<Record<string, unknown>> | undefined)?.[key], document) !==
    undefined
  );
}
