/**
 * A real Home Assistant, its MQTT integration and Doorward's own (`npm run test:home-assistant -- test/soak/home-assistant-mqtt.test.ts`): every
 * device is one device with all that it is, each command does what it says, a ring is there at once and comes from no start of
 * anything, names of before stay, what is no more goes, nothing is shown twice; first with Mosquitto, then with the hub's own
 * broker, as Home Assistant's form offers it. Takes a minute and a half.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { connectAsync, type MqttClient } from "mqtt";
import { joinAnnexB } from "../../src/codecs/annexb.ts";
import { unitsOf } from "../../src/drivers/elementary/fake.ts";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import { startFakeYoosee } from "../../src/drivers/yoosee/fake.ts";
import { stationIdOf } from "../../src/protocols/room/station-id.ts";
import { systemClock } from "../../src/util/clock.ts";
import { type HubProcess, startHubProcess } from "../e2e/hub-process.ts";
import { makeClip } from "../ffmpeg.ts";
import { freePort } from "../free-port.ts";
import { complaints, HomeAssistant, homeAssistant, until } from "./home-assistant.ts";

const suite = new AsyncDisposableStack();
const bellParts = ["answer", "bell_call", "decline", "doorbell", "hangup", "last_ring", "lock", "press", "still"];
const everyPart = ["enabled", "phase", "reachable"];
const calledParts = ["retry", "warm"];
const speakerParts = ["chime", "dnd", "holder", "mute", "notify", "ring", "speaking", "state", "volume"];
const gate = "gate/set";
let folder: string;
let hub: HubProcess;
let home: HomeAssistant;
let broker: MqttClient;
let hubId: string;
let cameraPort: number;
const opened: string[] = [];

const id = (device: string) => `${hubId}_${device.replaceAll("-", "_")}`;
const entity = async (device: string, what: string) => (await home.entity(`${id(device)}_${what}`)).entity_id;
const partsOf = async (device: string) =>
  (await home.entities())
    .filter(({ unique_id: own, platform }) => platform === "mqtt" && own.startsWith(`${id(device)}_`))
    .map(({ unique_id: own }) => own.slice(id(device).length + 1))
    .sort();
const press = async (device: string, what: string) => {
  await home.call("button", "press", { entity_id: await entity(device, what) });
};
const settings = async (device: string) => {
  const { devices: all } = (await (await hub.call("GET", "api/v1/devices")).json()) as {
    readonly devices: readonly { readonly id: string; readonly settings: Readonly<Record<string, unknown>> }[];
  };
  return all.find((one) => one.id === device)?.settings ?? {};
};
const isSet = (device: string, setting: string, value: unknown) =>
  until(`${setting} of ${device} is ${value}`, async () => (await settings(device))[setting] === value);
/** Whether somebody did this by MQTT. */
const isNoted = (action: string, subject: string) =>
  until(`${action} ${subject} is noted`, async () => {
    const { entries } = (await (await hub.call("GET", "api/v1/audit?limit=100")).json()) as {
      readonly entries: readonly Readonly<Record<string, string>>[];
    };
    return entries.some((one) => one["actor"] === "MQTT" && one["action"] === action && one["subject"] === subject);
  });
const lastEvent = async () => {
  const { state, attributes } = await home.state(await entity("front-door", "doorbell"));
  return `${state} ${attributes["event_type"]}`;
};
const isGone = (what: string, ids: () => Promise<readonly string[]>) =>
  until(`${what} is gone`, async () => (await ids()).length === 0);

const config = (mqtt: string, devices = ["front-door", "yard", "attic"], overMqtt = true) => {
  const all: Readonly<Record<string, string>> = {
    "front-door": `{ address: "rtsp://127.0.0.1:9/x", area: Entrance, bell: { camera: yard, lock: { by: mqtt, topic: ${gate}, opensForS: 1 } } }`,
    yard: `{ address: "rtsp://127.0.0.1:${cameraPort}/onvif1", area: Garden, warm: true, name: Yard }`,
    attic: `{ address: "test:clock" }`,
  };
  return [
    `mqtt: ${mqtt}`,
    `locks: { overMqtt: ${overMqtt} }`,
    "devices:",
    ...devices.map((one) => `  ${one}: ${all[one]}`),
  ]
    .join("\n")
    .concat("\n");
};
const mosquitto = `{ url: "mqtt://${homeAssistant.mqtt}", stills: ring }`;

describe("MQTT in a real Home Assistant", { skip: homeAssistant.url === "" && "HA_URL is not set" }, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "doorward-ha-mqtt-"));
    suite.defer(() => rm(folder, { recursive: true, force: true }));
    home = suite.use(await HomeAssistant.connect());
    broker = await connectAsync(`mqtt://${homeAssistant.mqtt}`);
    suite.defer(() => {
      broker.end(true);
    });
    broker.on("message", (topic, payload) => topic === gate && opened.push(payload.toString()));
    await broker.subscribeAsync(gate);
    cameraPort = await startCamera();
    hub = await startHubProcess({ folder, config: "devices: {}\n" });
    suite.defer(() => hub[Symbol.asyncDispose]());
    const session = (await (await hub.call("GET", "api/v1/session")).json()) as { readonly hubId: string };
    hubId = stationIdOf(session.hubId);
    await hub[Symbol.asyncDispose]();
  });
  after(() => suite.disposeAsync());

  it("keeps what people called an entity that an earlier version told of in another message", async () => {
    const former = `homeassistant/device/${id("front-door")}_bell/config`;
    await broker.publishAsync(former, JSON.stringify(formerBell()), { retain: true });
    const { entity_id: before } = await home.entity(`${id("front-door")}_answer`);
    await home.ask({ type: "config/entity_registry/update", entity_id: before, name: "Open up" });
    rememberBell("front-door");
    hub = await startHubProcess({ folder, config: config(mosquitto) });
    await until("it is told of with the others", async () => (await partsOf("front-door")).includes("reachable"));
    await systemClock.sleep(1000);
    assert.equal((await home.entity(`${id("front-door")}_answer`)).entity_id, before);
    assert.match(String((await home.state(before)).attributes["friendly_name"]), /Open up$/);
  });

  it("shows each device as one, with all that it is, by way of the hub, in its area", async () => {
    await hub.call("GET", "api/v1/devices/yard/snapshot");
    await entity("yard", "volume");
    await entity("yard", "still");
    assert.deepEqual(await partsOf("front-door"), [...bellParts, ...everyPart, ...calledParts].sort());
    assert.deepEqual(await partsOf("yard"), [...speakerParts, ...everyPart, ...calledParts, "still"].sort());
    assert.deepEqual(await partsOf("attic"), [...everyPart, ...calledParts].sort());
    const door = await home.device(id("front-door"));
    assert.deepEqual([door.name, door.via_device_id], ["Front door", (await home.device(hubId)).id]);
    for (const device of ["front-door", "yard", "attic"]) {
      const own = (await home.entities()).filter(({ unique_id: one }) => one.startsWith(`${id(device)}_`));
      assert.equal(new Set(own.map(({ device_id: one }) => one)).size, 1, `${device} is one device`);
    }
    const triggers = await home.ask<readonly Readonly<Record<string, string>>[]>({
      ...{ type: "device_automation/trigger/list", device_id: door.id },
    });
    assert.ok(triggers.some(({ domain, type, subtype }) => `${domain} ${type} ${subtype}` === "mqtt doorbell ring"));
  });

  it("does what it is asked: settings of a device", async () => {
    await home.call("number", "set_value", { entity_id: await entity("yard", "volume"), value: 150 });
    await isSet("yard", "volume", 1.5);
    await home.isState(await entity("yard", "volume"), "150");
    const switches = { mute: "muted", dnd: "doNotDisturb", warm: "warm", enabled: "enabled" };
    for (const [what, setting] of Object.entries(switches)) {
      const was = (await settings("yard"))[setting] === true;
      for (const on of [!was, was]) {
        await home.call("switch", on ? "turn_on" : "turn_off", { entity_id: await entity("yard", what) });
        await isSet("yard", setting, on);
        await home.isState(await entity("yard", what), on ? "on" : "off");
      }
    }
    await isNoted("device-changed", "yard");
    await press("yard", "retry");
    await isNoted("device-restarted", "yard");
    await home.isState(await entity("yard", "reachable"), "on");
  });

  it("does what it is asked: sound and bells", async () => {
    const chime = await entity("yard", "chime");
    const tones = (await home.state(chime)).attributes["available_tones"] as readonly string[];
    await home.call("siren", "turn_on", { entity_id: chime, tone: tones[0] });
    await home.isState(chime, "on");
    await home.isState(await entity("yard", "speaking"), "on");
    await home.isState(await entity("yard", "holder"), "Home Assistant");
    await home.call("siren", "turn_off", { entity_id: chime });
    await home.isState(chime, "off");
    await press("yard", "ring");
    await isNoted("ring", "yard");
    await home.call("notify", "send_message", { entity_id: await entity("yard", "notify"), message: "Dinner" });
    await isNoted("say", "Yard");
  });

  it("shows a ring within 50 ms, with a picture, and is answered, declined and hung up from there", async (t) => {
    const call = await entity("front-door", "bell_call");
    const rung: number[] = [];
    const bell = await entity("front-door", "doorbell");
    await home.follow(bell, (_, { event_type: type }) => type === "ring" && rung.push(performance.now()));
    const tookMs: number[] = [];
    for (let n = 0; n < 12; n++) {
      const beganMs = performance.now();
      // Of a bell of its own each: two presses of one within three seconds are one.
      await hub.call("POST", "api/v1/devices/front-door/ring", { bell: `${n}` });
      await until("the ring is there", async () => rung.length > n);
      tookMs.push((rung[n] ?? 0) - beganMs);
      await home.isState(call, "ringing");
      if (n === 0) await until("the picture is there", async () => hasPicture(await entity("front-door", "still")));
      await press("front-door", "decline");
      await home.isState(call, "idle");
    }
    const sorted = tookMs.map((ms) => Math.round(ms * 10) / 10).sort((one, other) => one - other);
    t.diagnostic(`a ring asked for over HTTP is in Home Assistant's state after ${sorted.join(", ")} ms`);
    assert.ok((sorted[6] ?? 0) <= 50, sorted.join());
    await hub.call("POST", "api/v1/devices/front-door/ring", {});
    await home.isState(call, "ringing");
    const { caller, started } = (await home.state(call)).attributes;
    assert.deepEqual([caller, typeof started], ["Front door", "string"]);
    await press("front-door", "answer");
    await home.isState(call, "answered");
    await press("front-door", "hangup");
    await until("it ended", async () => (await lastEvent()).endsWith(" ended"));
    const last = Date.parse((await home.state(await entity("front-door", "last_ring"))).state);
    assert.ok(Math.abs(Date.now() - last) < 30_000, "the last ring was a moment ago");
    await home.call("lock", "unlock", { entity_id: await entity("front-door", "lock") });
    await home.isState(await entity("front-door", "lock"), "unlocked");
    assert.deepEqual(opened, ["UNLOCK"]);
  });

  it("is unavailable when the hub is killed, and there again with no ring", async (t) => {
    const mute = await entity("yard", "mute");
    const before = await lastEvent();
    const beganMs = performance.now();
    await hub.kill();
    await home.isState(mute, "unavailable");
    t.diagnostic(
      `unavailable ${Math.round(performance.now() - beganMs)} ms after the hub was killed (asked every 75 ms)`,
    );
    hub = await startHubProcess({ folder });
    await home.isState(mute, "off");
    await broker.publishAsync("homeassistant/status", "online");
    await systemClock.sleep(6000);
    assert.equal(await lastEvent(), before);
  });

  it("forgets an entity that is no more, in two steps", async () => {
    const kept: string[] = [];
    const topic = `homeassistant/device/${id("front-door")}/config`;
    broker.on("message", (from, payload) => from === topic && kept.push(payload.toString()));
    await broker.subscribeAsync(topic);
    await hub[Symbol.asyncDispose]();
    hub = await startHubProcess({ folder, config: config(mosquitto, undefined, false) });
    await isGone("the lock", async () => (await partsOf("front-door")).filter((what) => what === "lock"));
    const lockIn = (payload: string) =>
      (JSON.parse(payload) as { components: Record<string, unknown> }).components["lock"];
    await until("it is left out", async () => lockIn(kept.at(-1) ?? "{}") === undefined);
    assert.ok(kept.some((payload) => JSON.stringify(lockIn(payload)) === '{"platform":"lock"}'));
  });

  it("forgets a device that is removed, and one that was removed while the hub was not running", async () => {
    await hub.call("DELETE", "api/v1/devices/attic");
    await isGone("the attic", () => partsOf("attic"));
    await hub[Symbol.asyncDispose]();
    assert.ok((await partsOf("yard")).length > 0);
    hub = await startHubProcess({ folder, config: config(mosquitto, ["front-door"], false) });
    await isGone("the yard", () => partsOf("yard"));
    assert.ok((await partsOf("front-door")).length > 0);
  });

  it("never shows a device twice: what the integration shows goes, and returns when its token is taken away", async () => {
    const grants = [{ scope: "*", rights: ["view", "listen", "talk", "unlock", "administer"] }];
    const made = await hub.call("POST", "api/v1/tokens", { name: "Home Assistant", grants });
    const { id: tokenId, token } = (await made.json()) as { readonly id: string; readonly token: string };
    const { flow_id: form } = await flow("", { handler: "doorward" });
    const added = await flow(form, { url: hub.url, verify_ssl: true, token });
    assert.equal(added.type, "create_entry");
    await isGone("what MQTT showed", () => partsOf("front-door"));
    await isGone("the hub", async () => (await devices()).filter((one) => one === hubId));
    const own = (await home.entities()).filter(({ platform }) => platform === "doorward");
    assert.ok(own.length > 0, "the integration shows it");
    const { port } = new URL(hub.url);
    await hub.kill();
    hub = await startHubProcess({ folder, httpPort: Number(port) });
    await systemClock.sleep(3000);
    assert.deepEqual(await partsOf("front-door"), [], "nor after a restart");
    assert.equal((await hub.call("DELETE", `api/v1/tokens/${tokenId}`)).status, 204);
    await entity("front-door", "answer");
    await home.remove(`api/config/config_entries/entry/${added.result?.entry_id}`);
  });

  it("takes the hub's own broker as its form offers it, and shows the same there", async () => {
    const [entry] = await home.ask<readonly { readonly entry_id: string }[]>({
      ...{ type: "config_entries/get", domain: "mqtt" },
    });
    await home.remove(`api/config/config_entries/entry/${entry?.entry_id}`);
    await hub[Symbol.asyncDispose]();
    const port = await freePort();
    const own = `{ port: ${port}, accounts: { homeassistant: a-long-password }, stills: ring }`;
    hub = await startHubProcess({ folder, config: config(own, ["front-door", "yard"], false) });
    const { flow_id: form, data_schema: fields } = await flow("", { handler: "mqtt" });
    const offered = fields?.find(({ name }) => name === "protocol")?.default;
    const added = await flow(form, {
      ...{ broker: "127.0.0.1", port, username: "homeassistant", password: "a-long-password", protocol: offered },
      other_settings: { set_client_cert: false, set_ca_cert: "off", transport: "tcp" },
    });
    assert.deepEqual([offered, added.type], ["5", "create_entry"], JSON.stringify(added));
    await home.isState(await entity("front-door", "bell_call"), "idle");
    await hub.call("POST", "api/v1/devices/front-door/ring", {});
    await until("it rang", async () => (await lastEvent()).endsWith(" ring"));
    await press("front-door", "decline");
    await until("it was declined", async () => (await lastEvent()).endsWith(" declined"));
    const before = await lastEvent();
    await hub.kill();
    await home.isState(await entity("front-door", "bell_call"), "unavailable");
    hub = await startHubProcess({ folder });
    await home.isState(await entity("front-door", "bell_call"), "idle");
    assert.equal(await lastEvent(), before);
    const issues = await home.ask<{
      readonly issues: readonly { readonly domain: string; readonly issue_id: string }[];
    }>({
      type: "repairs/list_issues",
    });
    assert.deepEqual(
      issues.issues.filter(({ domain }) => domain === "mqtt"),
      [],
    );
  });

  it("has nothing to complain about", async () => {
    const lines = await complaints(/mqtt|intercom|doorward/i);
    // The hub's own broker was killed with it. Home Assistant says the last of every trigger that went before its MQTT is unloaded.
    const own =
      /Error returned from MQTT server: The connection was lost|Failed to connect to MQTT|Unable to remove unknown dispatcher .*device_trigger/;
    assert.deepEqual(
      lines.filter((line) => !own.test(line)),
      [],
    );
  });
});

async function startCamera(): Promise<number> {
  const accessUnits = unitsOf(makeClip({ codec: "h264" })).map(joinAnnexB);
  const video = suite.use(
    await startFakeRtsp({ path: "/onvif1", video: { codec: "h264", accessUnits, frameRate: 25 } }),
  );
  return suite.use(await startFakeYoosee({ rtspPort: video.port })).port;
}

async function flow(form: string, body: object) {
  const answer = await home.post(`api/config/config_entries/flow/${form}`, body);
  return (await answer.json()) as {
    readonly flow_id: string;
    readonly type: string;
    readonly result?: { readonly entry_id: string };
    readonly data_schema?: readonly { readonly name: string; readonly default?: string }[];
  };
}

async function devices(): Promise<readonly string[]> {
  const all = await home.ask<readonly { readonly identifiers: readonly (readonly string[])[] }[]>({
    type: "config/device_registry/list",
  });
  return all.flatMap(({ identifiers }) =>
    identifiers.filter(([domain]) => domain === "mqtt").map(([, one]) => one ?? ""),
  );
}

async function hasPicture(entityId: string): Promise<boolean> {
  const answer = await home.get(`api/image_proxy/${entityId}`);
  return (
    answer.ok && answer.headers.get("content-type") === "image/jpeg" && (await answer.arrayBuffer()).byteLength > 500
  );
}

/** What an earlier version told of a device with a bell. */
function formerBell() {
  const root = `doorward/${hubId}/bells/front-door`;
  return {
    device: { identifiers: [id("front-door")], name: "front-door", manufacturer: "Doorward", model: "Bell of the hub" },
    origin: { name: "Doorward", sw_version: "0.1.0" },
    availability: [{ topic: `intercom/${hubId}/status` }, { topic: `${root}/availability` }],
    availability_mode: "all",
    components: {
      answer: {
        ...{ platform: "button", unique_id: `${id("front-door")}_answer`, name: "Answer" },
        ...{ command_topic: `${root}/answer`, payload_press: "PRESS" },
      },
    },
  };
}

/** What that version had written down of it. */
function rememberBell(device: string): void {
  const database = new DatabaseSync(join(folder, "data", "doorward.sqlite"));
  database.prepare("INSERT INTO kept VALUES ('bells', 'told', ?)").run(JSON.stringify([device]));
  database.close();
}
