import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MqttClient } from "mqtt";
import { brokers, type House, until } from "../../../../test/mqtt-house.ts";
import type { Listening } from "../../../../test/peers/mosquitto.ts";
import type { Ring } from "../../../hub/rings.ts";
import { opusFormat } from "../../../media/format.ts";
import { silentLog } from "../../../util/log.ts";
import type { Lent } from "../../surface.ts";
import { RoomArrivals } from "../arrivals.ts";
import { StationCalls } from "../calls/station-calls.ts";
import { type RoomConfig, roomConfig } from "../config.ts";
import { RoomStations } from "../stations.ts";
import { startSteering } from "./start.ts";

const kitchen = "intercom_9a0b1c2d";

/** A hub that steers rooms, with a camera that can be spoken through, and a program that sees and may do everything. */
interface Steered extends AsyncDisposable {
  readonly home: House;
  readonly stations: RoomStations;
  readonly program: MqttClient;
  readonly all: Listening;
  /** Name of the camera as a station. */
  readonly yard: string;
  publish(topic: string, payload: string, retain?: boolean): Promise<void>;
  /** Ends the steering alone. */
  end(): void;
  /** Waits for a line that comes from now on. */
  next(pattern: RegExp): Promise<string>;
  /** Moves the clock on, and lets what was gathered be said. */
  pass(ms?: number): Promise<void>;
}

async function steer(home: House): Promise<Steered> {
  await using held = new AsyncDisposableStack();
  held.use(home);
  const { rig, clock, hubId } = home;
  await rig.hub.devices.addTransient({
    id: "yard",
    name: "Yard",
    area: "Garden",
    address: "fake://x/?audio&speaker",
    warm: true,
  });
  await rig.hub.devices.get("yard")?.waitForSpeaker({ timeoutMs: 1000 });
  const stations = held.use(new RoomStations({ clock, log: silentLog }));
  const house = {
    hub: rig.hub,
    bus: rig.web.bus,
    version: "0.0.0-test",
    say: () => spoken,
  } as unknown as Lent<RoomConfig>;
  const config = roomConfig.parse({ interfaces: ["lo"] }) as RoomConfig;
  const calls = held.use(new StationCalls({ hub: rig.hub, stations, hubName: "Doorward", hangUpAfterMs: 30_000 }));
  const speakerOf = () => ({ formats: [opusFormat], echoCancelling: false, play: async () => {} });
  const arrivals = held.use(new RoomArrivals({ hub: rig.hub, stations, speakerOf }));
  const steering = held.use(
    startSteering({ house, config, stations, arrivals, calls, hubId, sender: rig.identity.installation }),
  );
  await until(home, true);
  const program = await home.program();
  const all = await home.listen("#");
  const owned = held.move();
  let seen = 0;
  const next = async (pattern: RegExp) => {
    for (;;) {
      for (; seen < all.lines.length; seen++) {
        const line = all.lines[seen] ?? "";
        if (!pattern.test(line)) continue;
        seen++;
        return line;
      }
      await new Promise(setImmediate);
    }
  };
  const steered: Steered = {
    home,
    stations,
    program,
    all,
    yard: `${hubId}_yard`,
    publish: async (topic, payload, retain = false) => {
      await program.publishAsync(topic, payload, { qos: 1, retain });
    },
    end: () => steering[Symbol.dispose](),
    next,
    pass: async (ms = 100) => {
      await clock.advance(ms);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  return steered;
}

const spoken = {
  live: false,
  open: async () => ({
    frames: (async function* () {
      yield { data: new Uint8Array(640), timestampUs: 0, key: true, durationUs: 20_000 };
    })(),
    [Symbol.asyncDispose]: async () => {},
  }),
} as const;

/** The lines of a topic, with what they said. */
const payloadOf = (line: string) => line.slice(line.indexOf(" ") + 1);

for (const { name, house } of brokers) {
  describe(`rooms by ${name}`, () => {
    it("shows stations the hub and its devices as stations, and Home Assistant each as a device", async () => {
      await using steered = await steer(await house());
      const { all, home, yard } = steered;
      const { hubId } = home;
      const ownTopics = () => all.lines.filter((line) => !line.startsWith("doorward/"));
      await untilTrue(() => new Set(ownTopics().map((line) => line.split(" ")[0])).size >= 17, steered.pass);
      const kept = new Map(ownTopics().map((line) => [line.split(" ")[0] ?? "", payloadOf(line)]));
      const said = Object.fromEntries([...kept].filter(([topic]) => topic.startsWith("intercom/")));
      assert.deepEqual(said, {
        [`intercom/${hubId}/status`]: "online",
        [`intercom/${hubId}/state`]: "idle",
        [`intercom/${hubId}/volume`]: "100",
        [`intercom/${hubId}/mute`]: "OFF",
        [`intercom/${hubId}/dnd`]: "OFF",
        [`intercom/${hubId}/target`]: "All Rooms",
        [`intercom/${hubId}/priority`]: "Normal",
        [`intercom/${hubId}/chime`]: "doorbell",
        [`intercom/devices/${hubId}/info`]: `{"room":"Doorward","ip":"127.0.0.1","id":"${hubId}"}`,
        [`intercom/${yard}/status`]: "online",
        [`intercom/${yard}/state`]: "idle",
        [`intercom/${yard}/volume`]: "100",
        [`intercom/${yard}/mute`]: "OFF",
        [`intercom/${yard}/dnd`]: "OFF",
        [`intercom/devices/${yard}/info`]: `{"room":"Yard","ip":"127.0.0.1","id":"${yard}"}`,
      });
      const device = JSON.parse(kept.get(`homeassistant/device/${yard}/config`) ?? "");
      assert.deepEqual(device.device, {
        ...{ identifiers: [yard], name: "Yard", manufacturer: "Doorward", model: "Camera (fake)" },
        ...{ sw_version: "0.0.0-test", suggested_area: "Garden", via_device: hubId },
      });
      assert.equal(device.availability_mode, "all");
      assert.deepEqual(Object.keys(device.components), [
        ...["reachable", "phase", "enabled", "warm", "retry", "state", "speaking", "holder", "volume", "mute", "dnd"],
        ...["notify", "ring", "chime"],
      ]);
      const hub = JSON.parse(kept.get(`homeassistant/device/${hubId}/config`) ?? "");
      assert.deepEqual(Object.keys(hub.components), [
        ...["state", "volume", "mute", "dnd", "target", "priority", "chime", "notify", "ring", "call"],
      ]);
      assert.deepEqual(hub.components.target.options, ["All Rooms", "Garden", "Yard"]);
    });

    it("is steered: volume, mute and do-not-disturb of a device are its settings, and come back as they then are", async () => {
      await using steered = await steer(await house());
      const { next, publish, pass, yard, home } = steered;
      const settings = () => home.rig.hub.devices.get("yard")?.settings;
      for (const [what, payload, state] of [
        ["volume", "37", "37"],
        ["volume", "37", "37"],
        ["volume", "nonsense", "37"],
        ["mute", "ON", "ON"],
        ["dnd", "on", "ON"],
      ] as const) {
        const answer = next(new RegExp(`^intercom/${yard}/${what} ${state}$`));
        await publish(`intercom/${yard}/${what}/set`, payload);
        await passUntil(steered, answer);
      }
      await pass();
      assert.deepEqual([settings()?.volume, settings()?.muted, settings()?.doNotDisturb], [0.37, true, true]);
    });

    it("is steered itself, keeps what it was told, and refuses a target that nobody is called", async () => {
      await using steered = await steer(await house());
      const { next, publish, home } = steered;
      const { hubId } = home;
      for (const [what, payload, state] of [
        ["volume", "37", "37"],
        ["target", "yard", "Yard"],
        ["target", "Nursery", "Yard"],
        ["priority", "High", "High"],
        ["chime", "no such", "doorbell"],
        ["mute", "ON", "ON"],
      ] as const) {
        const answer = next(new RegExp(`^intercom/${hubId}/${what} ${state}$`));
        await publish(`intercom/${hubId}/${what}/set`, payload);
        await passUntil(steered, answer);
      }
      const kept = home.rig.identity.store.get("room-hub", "settings");
      await home.rig.identity.store.settled();
      assert.deepEqual(kept ?? home.rig.identity.store.get("room-hub", "settings"), {
        ...{ volume: 37, mute: true, dnd: false, target: "Yard", priority: 1, chime: "" },
      });
    });

    it("mutes, quiets and hushes the whole house where the hub itself is set so, but for emergencies", async () => {
      await using steered = await steer(await house());
      const { publish, home, pass } = steered;
      const { hub, camera } = home.rig;
      const set = async (what: string, payload: string, is: () => boolean) => {
        await publish(`intercom/${home.hubId}/${what}/set`, payload);
        await untilTrue(is, pass);
      };
      await set("volume", "40", () => hub.turns.house.volume === 0.4);
      await set("mute", "ON", () => hub.turns.house.muted);
      const states: string[] = [];
      const say = (priority: 0 | 2) =>
        hub.turns.take({
          ...{ to: ["all"], talker: { id: "anna", name: "Anna" }, priority, queue: false, source: spoken },
          onState: (state) => states.push("reason" in state ? `${state.state} ${state.reason}` : state.state),
        });
      await say(0).done;
      assert.deepEqual(camera.heard, []);
      await set("dnd", "ON", () => hub.turns.house.doNotDisturb);
      states.length = 0;
      say(0);
      assert.deepEqual(states, ["refused do-not-disturb"]);
      say(2);
      await untilTrue(() => camera.heard.length > 0, pass);
      assert.equal(hub.devices.get("yard")?.settings.muted, false, "what the device is set to stays");
    });

    it("tells of a ring from anywhere once, and not of one that was heard there already", async () => {
      await using steered = await steer(await house());
      const { publish, home, pass, all } = steered;
      const { rings } = home.rig.hub;
      const talker = { id: "anna", name: "Anna" };
      const calls = () => all.lines.filter((line) => line.startsWith("intercom/call ")).map(payloadOf);
      rings.ring({ to: ["device:yard"], talker, priority: 0 });
      rings.ring({ to: ["all"], talker, priority: 0, chime: "gong" });
      rings.ring({ to: ["all"], talker, priority: 0, callId: "told-by-itself" });
      await untilTrue(() => calls().length >= 2, pass);
      const rung = new Promise<Ring>((resolve) => rings.onRing(resolve));
      await publish("intercom/call", '{"target":"yard","caller":"Hall"}');
      const { caller, deviceIds } = await passUntil(steered, rung);
      assert.deepEqual([caller, deviceIds], ["Hall", ["yard"]]);
      await untilTrue(() => calls().length >= 3, pass);
      await pass(1000);
      assert.deepEqual(calls(), [
        '{"target":"Yard","caller":"Anna","chime":"doorbell","source":"hub"}',
        '{"target":"All Rooms","caller":"Anna","chime":"gong","source":"hub"}',
        '{"target":"yard","caller":"Hall"}',
      ]);
      await publish("intercom/call", '{"target":"Doorward","caller":"Hall"}');
      await untilTrue(
        () => home.said.some((line) => line.includes("is the hub, which is heard where a browser")),
        pass,
      );
    });

    it("does nothing that the broker had kept, whatever topic it has", async () => {
      await using home = await house();
      await until(home, true);
      const program = await home.program();
      const { hubId } = home;
      for (const [topic, payload] of [
        [`intercom/${hubId}/volume/set`, "5"],
        [`intercom/${hubId}/notify`, "Boo"],
        ["intercom/call", '{"target":"All Rooms","caller":"Ghost"}'],
      ] as const) {
        await program.publishAsync(topic, payload, { qos: 1, retain: true });
      }
      const steered = await steer(home);
      await steered.all.line(/\/call \{"target":"All Rooms","caller":"Ghost"\}$/);
      await steered.pass(1000);
      await steered.publish(`intercom/${hubId}/mute/set`, "ON");
      await passUntil(steered, steered.next(new RegExp(`^intercom/${hubId}/mute ON$`)));
      assert.deepEqual(home.rig.camera.heard, []);
      assert.equal(home.rig.hub.turns.holder("yard").holder, undefined);
      assert.ok(steered.all.lines.includes(`intercom/${hubId}/volume 100`));
    });

    it("lists stations, takes over what they say, and tells them what a person changed", async () => {
      await using steered = await steer(await house());
      const { stations, publish, next, pass, home } = steered;
      await home.rig.hub.devices.addTransient({ id: "intercom-9a0b1c2d", name: "Kitchen", arrives: "room" });
      await publish(`intercom/devices/${kitchen}/info`, `{"room":"Kitchen","ip":"192.0.2.9","id":"${kitchen}"}`, true);
      await publish(`intercom/${kitchen}/status`, "online", true);
      await publish(`intercom/${kitchen}/volume`, "60", true);
      await publish(`intercom/${kitchen}/target`, "Yard", true);
      await untilTrue(() => stations.get(kitchen)?.target === "Yard");
      stations.isDevice(kitchen, { deviceId: "intercom-9a0b1c2d", legacy: true });
      const settings = () => home.rig.hub.devices.get("intercom-9a0b1c2d")?.settings;
      await untilTrue(() => settings()?.volume === 0.6);
      const command = next(new RegExp(`^intercom/${kitchen}/mute/set ON$`));
      await home.rig.hub.devices.update("intercom-9a0b1c2d", { muted: true });
      await passUntil(steered, command);
      await publish(`intercom/${kitchen}/mute`, "ON", true);
      await pass(10_000);
      await passUntil(steered, steered.all.line(/"options":\["All Rooms","Garden","Kitchen","Yard"\]/));
      await publish(`intercom/${kitchen}/status`, "offline", true);
      await untilTrue(() => stations.get(kitchen) === undefined, pass);
      const commands = steered.all.lines.filter(
        (line) => line.startsWith(`intercom/${kitchen}/`) && line.includes("/set "),
      );
      assert.deepEqual(commands, [`intercom/${kitchen}/mute/set ON`], "no echo");
      assert.ok(!steered.all.lines.some((line) => line.startsWith(`intercom/devices/${kitchen}/info (null)`)));
    });

    it("shows whom a station's button speaks to, and sets it when the station says so", async () => {
      await using steered = await steer(await house());
      const { publish, next, pass, home } = steered;
      const { rig } = home;
      const root = await rig.person({ name: "Root", administrator: true });
      const guest = await rig.person({ name: "Guest", grants: [{ scope: "*", rights: ["view", "talk"] }] });
      const path = "/api/v1/devices/intercom-9a0b1c2d/button";
      const set = (body: object) => rig.call("PATCH", path, { as: root, body });
      const live = () => rig.hub.devices.get("intercom-9a0b1c2d")?.state.phase === "live";
      const button = (as = root) =>
        rig.call("GET", "/api/v1/devices", { as }).then(({ json }) => {
          const devices = json["devices"] as readonly { readonly id: string; readonly button?: unknown }[];
          return devices.find(({ id }) => id === "intercom-9a0b1c2d")?.button;
        });
      await publish(`intercom/devices/${kitchen}/info`, `{"room":"Kitchen","ip":"127.0.0.1","id":"${kitchen}"}`, true);
      await publish(`intercom/${kitchen}/status`, "online", true);
      await untilTrue(() => rig.hub.reception.waiting().length === 1, pass);
      await rig.hub.reception.approve("intercom-9a0b1c2d", { legacy: true, by: "Root" });
      await untilTrue(live, pass);
      // A device that was just let in may be let in once more, by another word of the station.
      for (let n = 0; n < 10; n++) await pass(100);
      await untilTrue(live, pass);
      assert.deepEqual(
        [await button(), (await set({ target: "Yard" })).status],
        [undefined, 409],
        "it said nothing of it",
      );

      await publish(`intercom/${kitchen}/target`, "All Rooms", true);
      await untilTrue(() => rig.hub.devices.get("intercom-9a0b1c2d")?.info().button !== undefined, pass);
      const targets = ["All Rooms", "Garden", "Yard"];
      assert.deepEqual([await button(), await button(guest)], [{ target: "All Rooms", targets }, undefined]);
      assert.equal((await set({ target: "Nursery" })).json["code"], "no-target");
      assert.equal((await set({ priority: 1 })).json["code"], "no-priority");
      assert.equal((await set({})).status, 400);
      assert.equal((await rig.call("PATCH", path, { as: guest, body: { target: "Yard" } })).status, 404);

      await publish(`intercom/${kitchen}/priority`, "Normal", true);
      await untilTrue(() => rig.hub.devices.get("intercom-9a0b1c2d")?.info().button?.priority === 0, pass);
      // Of a station that stays as it is nobody is told that it did what it was asked for.
      let over = false;
      const asked = set({ target: "Yard", priority: 1 }).finally(() => {
        over = true;
      });
      for (const [what, payload] of [
        ["target", "Yard"],
        ["priority", "High"],
      ] as const) {
        await next(new RegExp(`^intercom/${kitchen}/${what}/set ${payload}$`));
        if (what === "target") {
          await publish(`intercom/${kitchen}/target`, "All Rooms", true);
          await publish(`intercom/${kitchen}/priority`, "Normal", true);
          for (let n = 0; n < 3; n++) await pass(10);
          assert.equal(over, false);
        }
        await publish(`intercom/${kitchen}/${what}`, payload, true);
      }
      const answer = await asked;
      assert.deepEqual(answer.json["button"], { target: "Yard", targets, priority: 1 });

      // Who administers this device alone has it speak to nobody to whom they could not speak themselves.
      const own = { scope: "device:intercom-9a0b1c2d", rights: ["view" as const, "administer" as const] };
      const keeper = await rig.person({ name: "Keeper", grants: [own] });
      const warden = await rig.person({ name: "Warden", grants: [own, { scope: "area:Garden", rights: ["talk"] }] });
      const setAs = (as: typeof keeper, body: object) => rig.call("PATCH", path, { as, body });
      assert.deepEqual(await button(keeper), { target: "Yard", targets: ["Yard"], priority: 1 });
      assert.equal((await setAs(keeper, { target: "Garden", priority: 0 })).json["code"], "no-target");
      assert.deepEqual(await button(warden), { target: "Yard", targets: ["Garden", "Yard"], priority: 1 });
      assert.equal((await setAs(warden, { target: "All Rooms", priority: 0 })).json["code"], "no-target");
      assert.equal((await setAs(warden, { priority: 2 })).status, 403);
      assert.equal((await setAs(warden, { target: "Garden" })).status, 403, "it would be as urgent as it is set");
      const calm = setAs(warden, { target: "Garden", priority: 0 });
      await next(new RegExp(`^intercom/${kitchen}/target/set Garden$`));
      await publish(`intercom/${kitchen}/target`, "Garden", true);
      await publish(`intercom/${kitchen}/priority`, "Normal", true);
      assert.deepEqual((await calm).json["button"], { target: "Garden", targets: ["Garden", "Yard"], priority: 0 });
      await publish(`intercom/${kitchen}/target`, "Yard", true);
      await publish(`intercom/${kitchen}/priority`, "High", true);
      await untilTrue(() => rig.hub.devices.get("intercom-9a0b1c2d")?.info().button?.priority === 1, pass);

      const silent = set({ target: "Garden" });
      const refused = await passUntil(steered, silent);
      assert.deepEqual([refused.status, refused.json["code"]], [503, "no-answer"]);
      assert.deepEqual(await button(), { target: "Yard", targets, priority: 1 });
    });

    it("says a text where it is for, and fetches no sound from a server that was not named", async () => {
      await using steered = await steer(await house());
      const { publish, yard, home, pass } = steered;
      const { heard } = home.rig.camera;
      await publish(`intercom/${yard}/notify`, "Dinner is ready");
      await untilTrue(() => heard.length > 0, pass);
      const before = heard.length;
      await publish(`intercom/${home.hubId}/notify`, '{"message":"Dinner","target":"Nursery"}');
      await publish(`intercom/${home.hubId}/notify`, "http://127.0.0.1:1/x.wav");
      for (const payload of ["null", "[]", "{}", ""]) await publish(`intercom/${home.hubId}/notify`, payload);
      await untilTrue(() => home.said.some((line) => line.includes("room.soundsFrom does not name it")), pass);
      assert.ok(
        home.said.some((line) => line.includes("nobody is called Nursery")),
        home.said.join("\n"),
      );
      assert.equal(heard.length, before);
      await publish(`intercom/${home.hubId}/notify`, '{"message":"Dinner","target":"garden"}');
      await untilTrue(() => heard.length > before, pass);
    });

    it("rings who is called, never for a hub's call, and nobody for a name that nobody has", async () => {
      await using steered = await steer(await house());
      const { publish, home, pass } = steered;
      const rung = () => home.rig.conversions.files.length;
      await publish("intercom/call", '{"target":"Yard","caller":"Hall","source":"hub"}');
      await publish("intercom/call", '{"target":"Nursery","caller":"Hall"}');
      await untilTrue(() => home.said.some((line) => line.includes("Hall calls Nursery")), pass);
      assert.equal(rung(), 0);
      await publish("intercom/call", '{"target":"yard","caller":"Hall","timestamp":5}');
      await untilTrue(() => home.rig.camera.heard.length > 0, pass);
      assert.ok(rung() > 0);
    });

    it("takes away a device that was removed: entities, info and states", async () => {
      await using steered = await steer(await house());
      const { next, yard, home } = steered;
      await passUntil(steered, next(new RegExp(`^homeassistant/device/${yard}/config \\{`)));
      const gone = Promise.all([
        next(new RegExp(`^homeassistant/device/${yard}/config \\(null\\)`)),
        steered.all.line(new RegExp(`^intercom/devices/${yard}/info \\(null\\)`)),
        steered.all.line(new RegExp(`^intercom/${yard}/volume \\(null\\)`)),
      ]);
      await home.rig.hub.devices.remove("yard");
      await passUntil(steered, gone);
    });

    it("says offline for all when it ends, and takes nothing away", async () => {
      await using steered = await steer(await house());
      const { all, yard, home } = steered;
      await passUntil(steered, all.line(new RegExp(`^homeassistant/device/${yard}/config \\{`)));
      const watcher = await home.listen(`intercom/${yard}/status`);
      await watcher.line(/ online$/);
      const offline = watcher.line(/ offline$/);
      steered.end();
      await offline;
      assert.ok(!all.lines.some((line) => line.endsWith("(null)")));
    });
  });
}

/** Lets time pass until something happens. */
async function passUntil<T>(steered: Pick<Steered, "pass">, happens: Promise<T>): Promise<T> {
  let done = false;
  const over = happens.finally(() => {
    done = true;
  });
  over.catch(() => {});
  while (!done) {
    await steered.pass(20);
    await new Promise(setImmediate);
  }
  return await over;
}

async function untilTrue(is: () => boolean, pass: (ms: number) => Promise<void> = async () => {}): Promise<void> {
  while (!is()) {
    await pass(20);
    await new Promise(setImmediate);
  }
}
