/**
 * A real Home Assistant: give the address, a long-lived token, the broker that its MQTT integration is connected to, and its log
 * (`HA_URL`, `HA_TOKEN`, `HA_MQTT=host:port`, `HA_LOG`). Rooms and hub are shown there, steer the sound, and go again; not one line of its log
 * complains. Takes half a minute.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connectAsync, type MqttClient } from "mqtt";
import { rmsLevel } from "../../src/codecs/pcm/index.ts";
import { noLoudspeaker, noMicrophone } from "../../src/endpoints/machine/files.ts";
import { every20Ms } from "../../src/endpoints/machine/ticker.ts";
import { type RunningRoomStation, startRoomStation } from "../../src/endpoints/room-station/index.ts";
import { findInterface } from "../../src/endpoints/room-station/network.ts";
import { frameSamples } from "../../src/endpoints/room-station/playout.ts";
import { stationSettingsSchema } from "../../src/endpoints/room-station/settings.ts";
import { senderOfName, stationIdOf } from "../../src/protocols/room/station-id.ts";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { type HubProcess, startHubProcess } from "../e2e/hub-process.ts";
import { complaints, HomeAssistant, homeAssistant, until } from "./home-assistant.ts";

const { url: HA_URL, mqtt: HA_MQTT } = homeAssistant;
const port = 21_520;
const group = "224.0.0.100";
const kitchen = stationIdOf(senderOfName("Kitchen"));
const hall = stationIdOf(senderOfName("Hall"));

const suite = new AsyncDisposableStack();
let hub: HubProcess;
let home: HomeAssistant;
let broker: MqttClient;
let formerId: string;
let kitchenStation: RunningRoomStation;
let hallStation: RunningRoomStation;
/** What the Hall's loudspeaker plays, as it sounds. */
const hallHeard: number[] = [];

describe("rooms in a real Home Assistant", { skip: HA_URL === "" && "HA_URL is not set" }, () => {
  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), "doorward-ha-rooms-"));
    suite.defer(() => rm(folder, { recursive: true, force: true }));
    home = suite.use(await HomeAssistant.connect());
    broker = await connectAsync(`mqtt://${HA_MQTT}`);
    suite.defer(() => {
      broker.end(true);
    });
    // What the Hall's firmware of before told of itself, and its people called it.
    const former = `homeassistant/number/${hall}_volume/config`;
    await broker.publishAsync(former, JSON.stringify(formerVolume()), { retain: true });
    const entity = await home.entity(`${hall}_volume`);
    formerId = entity.entity_id;
    await home.ask({
      type: "config/entity_registry/update",
      entity_id: entity.entity_id,
      name: "Loudness of the hall",
    });
    const config = `enrolment: open
room: { interfaces: [lo], port: ${port}, webPort: 0 }
mqtt: { url: "mqtt://${HA_MQTT}" }
devices: {}
`;
    hub = suite.use(await startHubProcess({ folder, config }));
    kitchenStation = suite.use(await station("Kitchen", { address: "127.0.0.2", discovery: true }));
    hallStation = suite.use(await station("Hall", { address: "127.0.0.3", discovery: false }));
  });
  after(() => suite.disposeAsync());

  it("shows the hub and its rooms, each as one device with the entities of the seed", async () => {
    await home.entity(`${hall}_ring`);
    await home.entity(`${kitchen}_ring`);
    const [hubId] = (await home.entities()).flatMap(
      ({ unique_id: id }) => /^(intercom_\w{8})_call$/.exec(id)?.[1] ?? [],
    );
    assert.ok(hubId);
    const kinds = async (id: string) =>
      (await home.entities())
        .flatMap(({ unique_id: own, entity_id: entity }) =>
          own.startsWith(`${id}_`) ? `${entity.split(".")[0]} ${own.slice(id.length + 1)}` : [],
        )
        .sort();
    const room = [
      ...["button ring", "notify notify", "number volume", "select priority", "select target", "sensor state"],
      ...["switch dnd", "switch mute"],
    ];
    const withCalls = [...room, "sensor station_call"].sort();
    assert.deepEqual(await kinds(hall), withCalls);
    assert.deepEqual(await kinds(kitchen), withCalls);
    assert.deepEqual(await kinds(hubId), [...room, "event call", "select chime", "sensor calls"].sort());
    for (const id of [hall, kitchen, hubId]) {
      const entities = (await home.entities()).filter(({ unique_id: own }) => own.startsWith(`${id}_`));
      assert.equal(new Set(entities.map(({ device_id: device }) => device)).size, 1, `${id} is one device`);
    }
    const hallDevice = await home.device(hall);
    assert.equal(hallDevice.name, "Hall");
    assert.equal(hallDevice.via_device_id, (await home.device(hubId)).id);
  });

  it("keeps what people called an entity that was told of alone before", async () => {
    const { entity_id: id } = await home.entity(`${hall}_volume`);
    assert.equal(id, formerId);
    assert.match(String((await home.state(id)).attributes["friendly_name"]), /Loudness of the hall$/);
  });

  it("steers the sound: volume, mute, do not disturb and target", async (t) => {
    const heard = async () => {
      hallHeard.length = 0;
      assert.equal(kitchenStation.press(), "talks");
      await systemClock.sleep(900);
      kitchenStation.release();
      await systemClock.sleep(900);
      return Math.max(0, ...hallHeard);
    };
    const id = async (what: string, of = hall) => (await home.entity(`${of}_${what}`)).entity_id;
    const loud = await heard();
    await home.call("number", "set_value", { entity_id: await id("volume"), value: 20 });
    await home.isState(await id("volume"), "20");
    assert.equal(hallStation.settings.volume, 20);
    const quiet = await heard();
    await home.call("switch", "turn_on", { entity_id: await id("mute") });
    await home.isState(await id("mute"), "on");
    const muted = await heard();
    await home.call("switch", "turn_off", { entity_id: await id("mute") });
    await home.isState(await id("mute"), "off");
    await home.call("switch", "turn_on", { entity_id: await id("dnd") });
    await home.isState(await id("dnd"), "on");
    const undisturbed = await heard();
    await home.call("switch", "turn_off", { entity_id: await id("dnd") });
    await home.isState(await id("dnd"), "off");
    await home.call("select", "select_option", { entity_id: await id("target"), option: "Kitchen" });
    await home.isState(await id("target"), "Kitchen");
    assert.equal(hallStation.settings.target, "Kitchen");
    t.diagnostic(JSON.stringify({ loud, quiet, muted, undisturbed }));
    assert.ok(loud > 0.05 && quiet < loud / 2 && quiet > 0 && muted === 0 && undisturbed === 0);
  });

  it("rings and announces, also at a station that describes itself", async () => {
    hallHeard.length = 0;
    await home.call("button", "press", { entity_id: (await home.entity(`${hall}_ring`)).entity_id });
    await until("the chime is heard in the hall", async () => hallHeard.some((level) => level > 0));
    const events = (await home.entities()).find(({ unique_id: own }) => /^intercom_\w{8}_call$/.test(own));
    assert.ok(events);
    await until(
      "the ring is an event",
      async () => (await home.state(events.entity_id)).attributes["event_type"] === "ring",
    );
  });

  it("knows everything again after its own start, and shows a station that goes as unavailable", async () => {
    const { entity_id: id } = await home.entity(`${kitchen}_ring`);
    await broker.publishAsync("homeassistant/status", "online");
    await kitchenStation[Symbol.asyncDispose]();
    await until("it is unavailable", async () => (await home.state(id)).state === "unavailable");
    assert.notEqual((await home.state((await home.entity(`${hall}_volume`)).entity_id)).state, "unavailable");
  });

  it("forgets a room that is removed", async () => {
    const { entity_id: id } = await home.entity(`${hall}_ring`);
    // Everybody is let in here: while it is there it would come again.
    await hallStation[Symbol.asyncDispose]();
    await until("it is unavailable", async () => (await home.state(id)).state === "unavailable");
    const answer = await hub.call("DELETE", `api/v1/devices/${hall.replaceAll("_", "-")}`);
    assert.equal(answer.status, 204, await answer.text());
    await until("its entities are gone", async () =>
      (await home.entities()).every(({ unique_id: own }) => !own.startsWith(`${hall}_`)),
    );
  });

  it("has whom a room speaks to as a select of the integration, too, which the station itself follows", async () => {
    const attic = suite.use(await station("Attic", { address: "127.0.0.4", discovery: false }));
    const session = (await (await hub.call("GET", "api/v1/session")).json()) as { readonly hubId: string };
    const grants = [{ scope: "*", rights: ["view", "listen", "talk", "administer"] }];
    const made = await hub.call("POST", "api/v1/tokens", { name: "Home Assistant", grants });
    const { token } = (await made.json()) as { readonly token: string };
    const begun = await home.post("api/config/config_entries/flow", { handler: "doorward" });
    const { flow_id: flow } = (await begun.json()) as { readonly flow_id: string };
    await home.post(`api/config/config_entries/flow/${flow}`, { url: hub.url, verify_ssl: true, token });
    const id = `${session.hubId}_${stationIdOf(senderOfName("Attic")).replaceAll("_", "-")}`;
    const { entity_id: target } = await home.entity(`${id}_target`);
    await home.isState(target, "All Rooms");
    await home.call("select", "select_option", { entity_id: target, option: "Doorward" }).then(
      () => assert.fail("nobody of that name can be chosen"),
      () => {},
    );
    await broker.publishAsync(`intercom/${stationIdOf(senderOfName("Attic"))}/priority/set`, "High");
    const { entity_id: urgency } = await home.entity(`${id}_target_priority`);
    await home.isState(urgency, "high");
    await home.call("select", "select_option", { entity_id: urgency, option: "normal" });
    await home.isState(urgency, "normal");
    assert.deepEqual([attic.settings.target, attic.settings.priority], ["All Rooms", 0]);
  });

  it("has nothing to complain about", async () => {
    assert.deepEqual(await complaints(/mqtt|intercom|doorward/i), []);
  });
});

function formerVolume() {
  return {
    ...{ name: "Volume", unique_id: `${hall}_volume`, min: 0, max: 100 },
    ...{ state_topic: `intercom/${hall}/volume`, command_topic: `intercom/${hall}/volume/set` },
    device: { identifiers: [senderOfName("Hall")], name: "Hall" },
  };
}

function station(room: string, how: { readonly address: string; readonly discovery: boolean }) {
  const { address, discovery } = how;
  return startRoomStation({
    ...{ room, group, port, discovery },
    interface: findInterface(address),
    sender: senderOfName(room),
    settings: stationSettingsSchema.parse({ volume: 100 }),
    broker: { url: `mqtt://${HA_MQTT}`, version: 5 },
    microphone: {
      ...noMicrophone,
      capture: (give) =>
        every20Ms(systemClock, () =>
          give(Int16Array.from({ length: frameSamples }, (_, i) => 9000 * Math.sin(i * 0.17))),
        ),
    },
    loudspeaker: {
      ...noLoudspeaker,
      write: (frame) => {
        const level = rmsLevel(new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength));
        if (room === "Hall" && level > 0.001) hallHeard.push(level);
        return true;
      },
    },
    clock: systemClock,
    log: silentLog,
  });
}
