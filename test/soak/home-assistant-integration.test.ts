/**
 * A real Home Assistant with the integration of `integrations/home-assistant`: give its address, a long-lived token and its log
 * (`HA_URL`, `HA_TOKEN`, `HA_LOG`). The hub is added by a wrong and then a right token, a ring is one event, a call is answered and a
 * door opened from there, a killed hub is unavailable and comes back by itself. Takes a minute.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type HubProcess, startHubProcess } from "../e2e/hub-process.ts";
import { complaints, HomeAssistant, homeAssistant, until } from "./home-assistant.ts";

const suite = new AsyncDisposableStack();
const opened: string[] = [];
let folder: string;
let hub: HubProcess;
let hubId: string;
let token: string;
let home: HomeAssistant;

const config = (relay: string) => `locks: { relayHosts: ["${relay}"] }
devices:
  yard: { address: "test:clock", area: Garden, warm: true }
  front-door:
    address: rtsp://127.0.0.1:9/x
    area: Entrance
    bell: { lock: { by: http, url: "http://${relay}/open", opensForS: 1 } }
`;

const entity = async (device: string, what: string) => (await home.entity(`${hubId}_${device}_${what}`)).entity_id;
const ring = () => hub.call("POST", "api/v1/devices/front-door/ring", {});
const last = async () => {
  const { state, attributes } = await home.state(await entity("front-door", "doorbell"));
  return `${state} ${attributes["event_type"]}`;
};
const isLast = (type: string) => until(`the last event is ${type}`, async () => (await last()).endsWith(` ${type}`));
const flow = async (id: string, body: object) => {
  const answer = await home.post(`api/config/config_entries/flow/${id}`, body);
  return (await answer.json()) as {
    readonly flow_id: string;
    readonly type: string;
    readonly errors?: Readonly<Record<string, string>>;
    readonly reason?: string;
  };
};

describe("the integration in a real Home Assistant", {
  skip: homeAssistant.url === "" && "HA_URL is not set",
}, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "doorward-ha-"));
    suite.defer(() => rm(folder, { recursive: true, force: true }));
    home = suite.use(await HomeAssistant.connect());
    const relay = createServer((request, response) => {
      opened.push(request.url ?? "");
      response.end();
    });
    relay.listen(0, "127.0.0.1");
    await once(relay, "listening");
    suite.defer(() => {
      relay.close();
    });
    const { port } = relay.address() as AddressInfo;
    hub = await startHubProcess({ folder, config: config(`127.0.0.1:${port}`) });
    suite.defer(() => hub[Symbol.asyncDispose]());
    const session = (await (await hub.call("GET", "api/v1/session")).json()) as { readonly hubId: string };
    hubId = session.hubId;
    const grants = [{ scope: "*", rights: ["view", "listen", "talk", "unlock", "administer"] }];
    const made = await hub.call("POST", "api/v1/tokens", { name: "Home Assistant", grants });
    token = ((await made.json()) as { readonly token: string }).token;
  });
  after(() => suite.disposeAsync());

  it("is added by its address and a token, once", async () => {
    const begin = { handler: "doorward", show_advanced_options: false };
    const where = { url: hub.url, verify_ssl: true };
    const { flow_id: id } = await flow("", begin);
    assert.deepEqual((await flow(id, { ...where, token: "dwt_wrong" })).errors, { base: "invalid_auth" });
    assert.deepEqual((await flow(id, { ...where, url: "http://127.0.0.1:9", token })).errors, {
      base: "cannot_connect",
    });
    assert.equal((await flow(id, { ...where, token })).type, "create_entry");
    const again = await flow("", begin);
    assert.equal((await flow(again.flow_id, { ...where, token })).reason, "already_configured");
  });

  it("has cameras, bells and doors as devices of the hub", async () => {
    await entity("yard", "camera");
    await home.isState(await entity("front-door", "lock"), "locked");
    await home.isState(await entity("front-door", "doorbell"), "unknown");
    const door = await home.device(`${hubId}_front-door`);
    assert.equal(door.name, "Front door");
    assert.ok(door.via_device_id);
    const picture = await home.get(`api/camera_proxy/${await entity("yard", "camera")}`);
    assert.equal(picture.headers.get("content-type"), "image/jpeg");
  });

  it("shows a ring once, is answered from there, and hung up", async () => {
    await ring();
    await isLast("ring");
    await home.isState(await entity("front-door", "call"), "ringing");
    await home.call("button", "press", { entity_id: await entity("front-door", "answer") });
    await home.isState(await entity("front-door", "call"), "answered");
    await isLast("answered");
    await home.call("button", "press", { entity_id: await entity("front-door", "hang_up") });
    await isLast("ended");
    await home.isState(await entity("front-door", "call"), "idle");
  });

  it("opens the door", async () => {
    const lock = await entity("front-door", "lock");
    await home.call("lock", "open", { entity_id: lock });
    await home.isState(lock, "unlocked");
    assert.deepEqual(opened, ["/open"]);
    await home.isState(lock, "locked");
  });

  it("takes the blueprints, and a ring runs an automation that is made of one", async () => {
    const folder = join(import.meta.dirname, "../../integrations/home-assistant/blueprints/automation/doorward");
    const names = await readdir(folder);
    assert.ok(names.length >= 4);
    for (const name of names) {
      const yaml = await readFile(join(folder, name), "utf8");
      await home.ask({ type: "blueprint/save", domain: "automation", path: `doorward/${name}`, yaml });
    }
    const input = {
      bell: await entity("front-door", "doorbell"),
      camera: await entity("yard", "camera"),
      door: (await home.device(`${hubId}_front-door`)).id,
      notify: "notify.persistent_notification",
    };
    const automation = { alias: "Ring", use_blueprint: { path: "doorward/doorbell.yaml", input } };
    const made = await home.post("api/config/automation/config/ring", automation);
    assert.equal(made.status, 200, await made.text());
    await home.isState("automation.ring", "on");
    await ring();
    await until("it ran", async () => (await home.state("automation.ring")).attributes["last_triggered"] !== null);
    await home.call("button", "press", { entity_id: await entity("front-door", "decline") });
    await isLast("declined");
  });

  it("is unavailable while the hub is gone, and there again without anybody's doing, with no event", async () => {
    const before = await last();
    const camera = await entity("yard", "camera");
    const { port } = new URL(hub.url);
    await hub.kill();
    await home.isState(camera, "unavailable");
    hub = await startHubProcess({ folder, httpPort: Number(port) });
    await until("it is there again", async () => (await home.state(camera)).state !== "unavailable");
    assert.equal(await last(), before);
  });

  it("follows what comes and goes", async () => {
    await hub.call("POST", "api/v1/devices", { name: "Attic", address: "test:clock", warm: true });
    await entity("attic", "camera");
    await hub.call("DELETE", "api/v1/devices/attic");
    await until("it is gone", async () =>
      (await home.entities()).every(({ unique_id: id }) => !id.startsWith(`${hubId}_attic`)),
    );
  });

  it("has nothing to complain about", async () => {
    assert.deepEqual(await complaints(/doorward/i), []);
  });
});
