/**
 * A real Home Assistant: give the address, a long-lived token, the broker that its MQTT integration is connected to, and its log
 * (`HA_URL`, `HA_TOKEN`, `HA_MQTT=host:port`, `HA_LOG`). A ring is one event there and no start of anything is one; a call is answered and a
 * door opened from there. Takes a minute. Where somebody starts Home Assistant again when it asks for that (exit code 100), and
 * `HA_BROKER` is a command that ends its broker and starts it again with nothing kept, both are done, too.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connectAsync, type MqttClient } from "mqtt";
import { systemClock } from "../../src/util/clock.ts";
import { type HubProcess, startHubProcess } from "../e2e/hub-process.ts";
import { complaints, HomeAssistant, homeAssistant, until } from "./home-assistant.ts";

const suite = new AsyncDisposableStack();
const locked: string[] = [];
let folder: string;
let hub: HubProcess;
let home: HomeAssistant;
let broker: MqttClient;
let id: string;

const config = `mqtt: { url: "mqtt://${homeAssistant.mqtt}" }
locks: { overMqtt: true }
devices:
  front-door:
    address: rtsp://127.0.0.1:9/x
    bell: { lock: { by: mqtt, topic: gate/set, opensForS: 1 } }
`;

const { HA_BROKER: restartOfBroker = "" } = process.env;
const ofBroker = { skip: restartOfBroker === "" && "HA_BROKER is not set" };

const entity = async (what: string) => (await home.entity(`${id}_${what}`)).entity_id;
const press = async (what: string) => home.call("button", "press", { entity_id: await entity(what) });
const ring = async () => {
  const answer = await hub.call("POST", "api/v1/devices/front-door/ring", {});
  assert.equal(answer.status, 200, await answer.clone().text());
};
/** When the bell's last event was, and which. */
const last = async () => {
  const { state, attributes } = await home.state(await entity("doorbell"));
  return `${state} ${attributes["event_type"]}`;
};
const isLast = (type: string) => until(`the last event is ${type}`, async () => (await last()).endsWith(` ${type}`));

describe("bells in a real Home Assistant", { skip: homeAssistant.url === "" && "HA_URL is not set" }, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "doorward-ha-bells-"));
    suite.defer(() => rm(folder, { recursive: true, force: true }));
    home = suite.use(await HomeAssistant.connect());
    broker = await connectAsync(`mqtt://${homeAssistant.mqtt}`);
    suite.defer(() => {
      broker.end(true);
    });
    broker.on("message", (topic, payload) => topic === "gate/set" && locked.push(payload.toString()));
    await broker.subscribeAsync("gate/set");
    hub = await startHubProcess({ folder, config });
    suite.defer(() => hub[Symbol.asyncDispose]());
    await until("the bell is there", async () => {
      const found = (await home.entities()).find(({ unique_id: own }) => own.endsWith("_front_door_doorbell"));
      id = found?.unique_id.slice(0, -"_doorbell".length) ?? "";
      return found !== undefined;
    });
  });
  after(() => suite.disposeAsync());

  it("has one device with bell, calls, buttons and lock, and nothing has rung", async () => {
    const own = (await home.entities()).filter(({ unique_id: one }) => one.startsWith(`${id}_`));
    assert.deepEqual(own.map(({ entity_id: one }) => one.split(".")[0]).sort(), [
      // Of the device: whether it is there, trying now and its bell, phase and last ring, in use and always connected.
      ...["binary_sensor", "button", "button", "button", "button", "button", "event", "lock"],
      ...["sensor", "sensor", "sensor", "switch", "switch"],
    ]);
    assert.equal(new Set(own.map(({ device_id: device }) => device)).size, 1);
    await home.isState(await entity("doorbell"), "unknown");
    await home.isState(await entity("bell_call"), "idle");
    await home.isState(await entity("lock"), "locked");
  });

  it("shows a ring once, is answered from there, and hung up", async () => {
    await ring();
    await isLast("ring");
    const rung = await last();
    await ring();
    await systemClock.sleep(500);
    assert.equal(await last(), rung, "two presses are one event");
    await home.isState(await entity("bell_call"), "ringing");
    await press("answer");
    await home.isState(await entity("bell_call"), "answered");
    await isLast("answered");
    await press("hangup");
    await isLast("ended");
    await home.isState(await entity("bell_call"), "idle");
  });

  it("opens the door once, and shows it", async () => {
    const lock = await entity("lock");
    await Promise.all([1, 2, 3].map(() => home.call("lock", "unlock", { entity_id: lock })));
    await home.isState(lock, "unlocked");
    await home.isState(lock, "locked");
    assert.deepEqual(locked, ["UNLOCK"]);
    assert.match(String((await home.state(lock)).attributes["result"]), /is open/);
  });

  it("takes no command that the broker had kept", async () => {
    const hubId = id.replace(/_front_door$/, "");
    locked.length = 0;
    await restart(async () => {
      await broker.publishAsync(`doorward/${hubId}/bells/front-door/lock/set`, "UNLOCK", { retain: true });
    });
    await systemClock.sleep(1000);
    assert.deepEqual(locked, []);
    await broker.publishAsync(`doorward/${hubId}/bells/front-door/lock/set`, "", { retain: true });
  });

  it("sees no event in a start of the hub, of Home Assistant's MQTT, or in its asking for everything again", async (t) => {
    const before = await last();
    await restart();
    assert.equal(await last(), before, "the hub was started again");
    await broker.publishAsync("homeassistant/status", "online");
    await systemClock.sleep(6000);
    assert.equal(await last(), before, "everything was said again");
    const entries = await home.ask<readonly { readonly entry_id: string }[]>({
      ...{ type: "config_entries/get", domain: "mqtt" },
    });
    await home.call("homeassistant", "reload_config_entry", { entry_id: entries[0]?.entry_id });
    await until("it is there again", async () => (await last()) !== "unavailable undefined");
    await systemClock.sleep(2000);
    t.diagnostic(JSON.stringify({ before, after: await last() }));
    assert.equal(await last(), before, "MQTT was loaded again");
  });

  it(
    "is there again as it stood when its process is started again while it rings, and nothing rings by that",
    ofBroker,
    async () => {
      const call = await entity("bell_call");
      await ring();
      await isLast("ring");
      const rung = await last();
      await restartHome();
      await home.isState(call, "ringing");
      assert.equal(await last(), rung, "the ring of before, as it was");
      await press("decline");
      await isLast("declined");
      await home.isState(call, "idle");
      await opensOnce();
    },
  );

  it(
    "is there again when the broker forgot everything, with what changed meanwhile, and nothing rings by that",
    ofBroker,
    async () => {
      const call = await entity("bell_call");
      const before = await last();
      restartBroker();
      await home.isState(call, "idle");
      await systemClock.sleep(2000);
      assert.equal(await last(), before);
      await ring();
      await isLast("ring");
      const rung = await last();
      restartBroker();
      await home.isState(call, "ringing");
      await systemClock.sleep(2000);
      assert.equal(await last(), rung, "the ring was told again");
      await press("answer");
      await home.isState(call, "answered");
      await press("hangup");
      await home.isState(call, "idle");
      await opensOnce();
    },
  );

  it("has nothing to complain about", async () => {
    const all = await complaints(/mqtt|intercom|doorward/i);
    // A broker that is ended is missed.
    const ofOthers = all.filter((line) => restartOfBroker === "" || !line.includes("The connection was lost"));
    assert.deepEqual(ofOthers, []);
  });
});

/** The door is opened once from there, and shows it. */
async function opensOnce(): Promise<void> {
  locked.length = 0;
  await broker.subscribeAsync("gate/set");
  const lock = await entity("lock");
  await home.isState(lock, "locked");
  await home.call("lock", "unlock", { entity_id: lock });
  await home.isState(lock, "unlocked");
  await home.isState(lock, "locked");
  assert.deepEqual(locked, ["UNLOCK"]);
}

/** Home Assistant's process ends and is started again. */
async function restartHome(): Promise<void> {
  await home.call("homeassistant", "restart", {}).catch(() => {}); // it may end before it answers
  const gone = async () =>
    await fetch(homeAssistant.url).then(
      () => false,
      () => true,
    );
  await until("Home Assistant has ended", gone);
  home[Symbol.dispose]();
  for (let n = 0; n < 200; n++) {
    const found = await HomeAssistant.connect().catch(() => undefined);
    if (found) {
      home = suite.use(found);
      return;
    }
    await systemClock.sleep(200);
  }
  assert.fail("Home Assistant did not come again");
}

/** The broker ends as in a crash and comes again with nothing kept. */
function restartBroker(): void {
  const [command = "", ...args] = restartOfBroker.split(" ");
  execFileSync(command, args, { stdio: "ignore" });
}

/** Ends the hub as a crash does, and starts it again. */
async function restart(meanwhile = async () => {}): Promise<void> {
  const state = await entity("bell_call");
  await hub.kill();
  await home.isState(state, "unavailable");
  await meanwhile();
  hub = await startHubProcess({ folder });
  await home.isState(state, "idle");
}
