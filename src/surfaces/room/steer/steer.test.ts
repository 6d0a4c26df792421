import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brokers, until } from "../../../../test/mqtt-house.ts";
import { passUntil, spoken, steer, untilTrue } from "../../../../test/steered-rooms.ts";
import type { Ring } from "../../../hub/rings.ts";

const kitchen = "intercom_9a0b1c2d";

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
