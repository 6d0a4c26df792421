import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { IClientOptions, IPublishPacket, MqttClient } from "mqtt";
import { account, brokers, inbox, startHouse, until } from "../../../test/mqtt-house.ts";
import { startMosquitto } from "../../../test/peers/mosquitto.ts";
import { goneMs, stepMs } from "../discoveries.ts";

for (const { name, house } of brokers) {
  describe(`MQTT by ${name}`, () => {
    it("says what it is, that it is there and how it stands, in this order, and keeps all three", async () => {
      await using home = await house();
      const { hubId } = home;
      await until(home, true);
      const all = await home.listen("#");
      for (const kept of [/\/state idle$/, /\/status online$/, /^homeassistant\/device/]) await all.line(kept);
      const program = await home.program();
      await program.subscribeAsync("unrelated");
      // What is said while somebody subscribes may reach them twice: as it is said, and as what was kept.
      const kept = [...new Set(all.lines)].filter((line) => !line.startsWith("$SYS"));
      const device = kept.find((line) => line.startsWith("homeassistant/"));
      assert.deepEqual(
        kept.filter((line) => line !== device).sort(),
        [`intercom/${hubId}/state idle`, `intercom/${hubId}/status online`],
        kept.join("\n"),
      );
      const [topic = "", json = ""] = device?.split(/ (.*)/s) ?? [];
      assert.equal(topic, `homeassistant/device/${hubId}/config`);
      const told = JSON.parse(json);
      assert.deepEqual(Object.keys(told).sort(), ["availability", "components", "device", "origin"]);
      assert.deepEqual(told.availability, [{ topic: `intercom/${hubId}/status` }]);
      assert.equal(told.components.state.unique_id, `${hubId}_state`);
      assert.equal(told.components.state.state_topic, `intercom/${hubId}/state`);
      assert.equal(told.origin.name, "Doorward");
    });

    it("says it all again, in order, one to five seconds after Home Assistant has started", async () => {
      await using home = await house();
      await until(home, true);
      const { hubId, clock } = home;
      const births = inbox(home, "homeassistant/status");
      const all = await home.listen("#");
      for (const kept of [/\/state idle$/, /\/status online$/, /^homeassistant\/device/]) await all.line(kept);
      // What the hub is still saying, a step between two messages of one device, comes as it is said, too, and not only as it is
      // kept: it is over when two steps bring nothing.
      for (let step = 0, quiet = 0; quiet < 2; step++) {
        const known = all.lines.length;
        await clock.advance(stepMs);
        home.rig.web.bus.publish("test/step", `${step}`);
        await all.line(new RegExp(`^test/step ${step}$`));
        quiet = all.lines.length === known + 1 ? quiet + 1 : 0;
      }
      const before = all.lines.length;
      const program = await home.program();
      await program.publishAsync("homeassistant/status", "online", { qos: 1 });
      await births.count(1);
      await clock.advance(999);
      await program.publishAsync("test/before", "x", { qos: 1 });
      await all.line(/^test\/before x$/);
      assert.deepEqual(all.lines.slice(before), ["homeassistant/status online", "test/before x"], "not at once");
      await clock.advance(4001);
      home.rig.web.bus.publish("test/after", "x");
      await all.line(/^test\/after x$/);
      const again = all.lines.slice(before + 2, -1).map((line) => line.split(" ")[0]);
      assert.deepEqual(again, [
        `homeassistant/device/${hubId}/config`,
        `intercom/${hubId}/status`,
        `intercom/${hubId}/state`,
      ]);
    });

    it("takes no kept message for a command, and tells what was kept from what comes", async () => {
      await using home = await house();
      await until(home, true);
      const program = await home.program();
      await program.publishAsync("intercom/call", '{"target":"Kitchen","caller":"Hall"}', { retain: true, qos: 1 });
      const commands = inbox(home, "intercom/call", "onCommand");
      const all = inbox(home, "intercom/call");
      await all.count(1);
      await program.publishAsync("intercom/call", "now", { qos: 1 });
      await all.count(2);
      await commands.count(1);
      assert.deepEqual([all.got.at(-1)?.payload, all.got.at(-1)?.retained], ["now", false]);
      assert.equal(all.got[0]?.retained, true);
      assert.deepEqual(
        commands.got.map(({ payload }) => payload),
        ["now"],
      );
    });

    it("goes on after payloads that nobody expects, and logs a handler that throws once a minute", async () => {
      await using home = await house();
      await until(home, true);
      const { rig, clock, said } = home;
      rig.web.bus.subscribe("intercom/+/volume/set", ({ payload }) => {
        JSON.parse(payload).level.toFixed();
      });
      const after = inbox(home, "intercom/x/mute/set");
      const program = await home.program();
      const odd = [
        "null",
        "[]",
        "1e999",
        "",
        "[".repeat(5000),
        "\u0000",
        Buffer.from([0xff, 0xfe]),
        "x".repeat(200_000),
      ];
      for (const payload of odd) await program.publishAsync("intercom/x/volume/set", payload, { qos: 1 });
      await program.publishAsync("intercom/x/mute/set", "ON", { qos: 1 });
      await after.count(1);
      assert.equal(after.got[0]?.payload, "ON");
      const told = () => said.filter((line) => line.startsWith("MQTT: intercom/x/volume/set")).length;
      assert.equal(told(), 1, said.join("\n"));
      await clock.advance(60_000);
      await program.publishAsync("intercom/x/volume/set", "null", { qos: 1 });
      await program.publishAsync("intercom/x/mute/set", "OFF", { qos: 1 });
      await after.count(2);
      assert.equal(told(), 2);
    });

    it("is told by the last will when the hub vanishes, and by the hub when it is ended", async () => {
      await using home = await house();
      await until(home, true);
      const status = await home.listen(`intercom/${home.hubId}/status`);
      await status.line(/ online$/);
      await home.rig[Symbol.asyncDispose]();
      await status.line(/ offline$/);
    });

    it("lets commands expire after five seconds", async () => {
      await using home = await house();
      await until(home, true);
      const program = await home.program({ protocolVersion: 5 });
      await program.subscribeAsync("intercom/station/#", { qos: 1 });
      const came = new Promise<[string, Buffer, IPublishPacket]>((resolve) =>
        program.once("message", (...message) => resolve(message)),
      );
      assert.equal(home.rig.web.bus.command("intercom/station/mute/set", "ON"), true);
      const [topic, payload, packet] = await came;
      assert.deepEqual([topic, String(payload), packet.retain], ["intercom/station/mute/set", "ON", false]);
      assert.equal(packet.properties?.messageExpiryInterval, 5);
    });

    it("tells Home Assistant of the hub's entities as they come and go", async () => {
      await using home = await house();
      await until(home, true);
      const told = inbox(home, "homeassistant/+/+/config");
      await told.count(1);
      const volume = { platform: "number", unique_id: `${home.hubId}_volume`, command_topic: "x" };
      const component = home.rig.web.bus.hubComponents.add("volume", volume);
      await home.clock.advance(stepMs);
      await told.count(2);
      await home.clock.advance(stepMs);
      component[Symbol.dispose]();
      await told.count(3);
      await home.clock.advance(goneMs);
      await told.count(4);
      await home.clock.advance(stepMs);
      await told.count(5);
      const volumes = told.got.map(({ payload }) => JSON.parse(payload).components.volume);
      assert.deepEqual(volumes, [undefined, volume, undefined, { platform: "number" }, undefined]);
    });

    it("takes over entities that the seed told of one by one", async () => {
      await using home = await house();
      await until(home, true);
      const program = await home.program();
      const former = `homeassistant/sensor/${home.hubId}_state/config`;
      const kept = Promise.withResolvers<void>();
      const filter = "homeassistant/+/+/config";
      home.rig.web.bus.subscribe(filter, ({ topic, retained }) => topic === former && retained && kept.resolve());
      await program.publishAsync(former, '{"name":"State"}', { retain: true, qos: 1 });
      const all = await home.listen("homeassistant/#");
      await all.line(/^homeassistant\/sensor/);
      // The broker's word that it is kept comes with a new subscription, as after a connect.
      home.rig.web.bus.subscribe(filter, () => {});
      await kept.promise;
      await home.clock.advance(stepMs);
      home.rig.web.bus.announce();
      await all.line(new RegExp(`^${former} \\(null\\)$`));
      const order = all.lines.slice(-3).map((line) => line.slice(0, 80));
      assert.deepEqual(
        order.map((line) => line.split(" ")[0]),
        [former, `homeassistant/device/${home.hubId}/config`, former],
      );
      assert.match(order[0] ?? "", /\{"migrate_discovery":true\}$/);
    });
  });
}

/** What came of a try to connect. */
const tryTo = (work: Promise<unknown>) =>
  work.then(
    () => "let in",
    (error: Error) => error.message,
  );

describe("the hub's own broker", () => {
  /** A house with the device `kitchen`, and its token. */
  async function withKitchen() {
    const home = await startHouse({ mqtt: { port: 0, accounts: { watcher: account.password } } });
    await until(home, true);
    const { identity, hub } = home.rig;
    const { Enrolment } = await import("../../identity/enrolment.ts");
    const enrolment = new Enrolment({ store: identity.store, clock: hub.clock });
    const token = await enrolment.approve("kitchen", { kind: "page" });
    await enrolment.approve("garden", { kind: "page" });
    return { home, login: { username: "kitchen", password: token, clientId: "kitchen" } };
  }

  it("lets nobody in without an account or a token", async () => {
    const { home, login } = await withKitchen();
    await using _home = home;
    for (const wrong of [{ username: undefined, password: undefined }, { username: "garden" }, { password: "x" }]) {
      const answer = await tryTo(home.program({ ...login, ...wrong } as IClientOptions));
      assert.match(answer, /not authorized/i);
    }
    assert.match(await tryTo(home.program({ password: "wrong" })), /not authorized/i);
  });

  it("gives a device its own topics and those of all, and no other's", async () => {
    const { home, login } = await withKitchen();
    await using _home = home;
    const got = inbox(home, "intercom/#");
    await got.count(2);
    const before = got.got.length;
    const kitchen = await home.program(login);
    const others = ["intercom/garden/state", "intercom/garden/mute/set", "intercom/devices/garden/info", "other/x"];
    for (const topic of [...others, `intercom/${home.hubId}/status`, "homeassistant/sensor/garden_state/config"]) {
      await kitchen.publishAsync(topic, "x", { qos: 1, retain: true });
    }
    await kitchen.publishAsync("intercom/kitchen/state", "idle", { qos: 1, retain: true });
    await kitchen.publishAsync("intercom/call", '{"target":"All Rooms","caller":"Kitchen"}', { qos: 1 });
    await got.count(before + 2);
    const topics = got.got.slice(before).map(({ topic }) => topic);
    assert.deepEqual(topics, ["intercom/kitchen/state", "intercom/call"]);
    for (const filter of ["#", "intercom/#", "intercom/+/state", "intercom/garden/mute/set", "$SYS/#"]) {
      assert.notEqual(await tryTo(kitchen.subscribeAsync(filter)), "let in", filter);
    }
    for (const filter of ["intercom/kitchen/+/set", "intercom/call", "intercom/devices/+/info"]) {
      assert.equal(await tryTo(kitchen.subscribeAsync(filter)), "let in", filter);
    }
  });

  it("lets nobody take another's client id, and a device its own again", async () => {
    const { home, login } = await withKitchen();
    await using _home = home;
    const first = await home.program(login);
    assert.match(await tryTo(home.program({ clientId: "kitchen" })), /identifier/i);
    const own = `doorward-${home.rig.identity.installation}`;
    assert.match(await tryTo(home.program({ ...login, clientId: own })), /identifier/i);
    assert.equal(home.rig.web.bus.connected, true);
    const closed = new Promise<void>((resolve) => first.once("close", resolve));
    await home.program(login);
    await closed;
  });

  it("ends what a device has open when its token is taken away or replaced, and lets it in by the new one", async () => {
    const { home, login } = await withKitchen();
    await using _home = home;
    const { reception, devices } = home.rig.hub;
    await devices.addTransient({ id: "kitchen", name: "Kitchen", arrives: "page" });
    const closed = (client: MqttClient) => new Promise<void>((resolve) => client.once("close", resolve));
    const first = closed(await home.program(login));
    const password = await reception.renew("kitchen", "Root");
    await first;
    assert.match(await tryTo(home.program(login)), /not authorized/i);
    const second = closed(await home.program({ ...login, password }));
    await reception.revoke("kitchen", "Root");
    await second;
    assert.match(await tryTo(home.program({ ...login, password })), /not authorized/i);
    assert.equal(home.rig.web.bus.connected, true);
  });

  it("lets everybody in where that is set, for rooms and Home Assistant, and never as somebody with a token", async () => {
    await using home = await startHouse({ enrolment: "open", mqtt: { port: 0 } });
    await until(home, true);
    const { Enrolment } = await import("../../identity/enrolment.ts");
    const { identity, hub } = home.rig;
    await new Enrolment({ store: identity.store, clock: hub.clock }).approve("kitchen", { kind: "page" });
    const nobody = { username: undefined, password: undefined } as unknown as IClientOptions;
    const guest = await home.program(nobody);
    const got = inbox(home, "intercom/#");
    const last = inbox(home, "intercom/+/volume/set");
    for (const topic of ["intercom/kitchen/state", `intercom/${home.hubId}/status`, "other/x", "$SYS/x"]) {
      await guest.publishAsync(topic, "x", { qos: 1, retain: true });
    }
    await guest.publishAsync("intercom/intercom_00000001/state", "idle", { qos: 1, retain: true });
    await guest.publishAsync(`intercom/${home.hubId}/volume/set`, "5", { qos: 1 });
    await last.count(1);
    assert.deepEqual(
      got.got
        .map(({ topic, payload }) => `${topic} ${payload}`)
        .filter((line) => !/\/status online$|_(?!00000001)\w+\/state idle$/.test(line)),
      ["intercom/intercom_00000001/state idle", `intercom/${home.hubId}/volume/set 5`],
    );
    for (const filter of ["intercom/#", "homeassistant/#"])
      assert.equal(await tryTo(guest.subscribeAsync(filter)), "let in");
    for (const filter of ["#", "other/#", "$SYS/#"])
      assert.notEqual(await tryTo(guest.subscribeAsync(filter)), "let in");
    assert.match(await tryTo(home.program({ username: "kitchen", password: "dwd_wrong" })), /not authorized/i);
  });

  it("looks at nobody's password for a minute who was wrong ten times, and lets others in meanwhile", async () => {
    const { home, login } = await withKitchen();
    await using _home = home;
    const before = await home.program(login);
    for (let i = 0; i < 10; i++) await tryTo(home.program({ password: `wrong ${i}` }));
    assert.match(await tryTo(home.program()), /not authorized/i);
    assert.equal(before.connected, true);
    await home.clock.advance(60_000);
    assert.equal(await tryTo(home.program()), "let in");
  });

  it("ends a connection for a packet of over 256 KiB, and nothing else", async () => {
    const { home, login } = await withKitchen();
    await using _home = home;
    const kitchen = await home.program(login);
    const other = await home.program();
    const closed = new Promise<void>((resolve) => kitchen.once("close", resolve));
    kitchen.publish("intercom/kitchen/state", "x".repeat(1_000_000));
    await closed;
    assert.equal(other.connected, true);
    assert.equal(home.rig.web.bus.connected, true);
  });
});

describe("another broker", () => {
  it("is come back to after it was killed, with everything said again, and told as a fault meanwhile", async () => {
    const broker = await startMosquitto();
    await using home = await startHouse({ mqtt: { url: `mqtt://127.0.0.1:${broker.port}` } }, broker);
    await until(home, true);
    const faults = () => home.rig.identity.faults.list().map(({ id }) => id);
    assert.deepEqual(faults(), []);
    const lost = until(home, false);
    await broker.kill();
    await lost;
    await new Promise(setImmediate);
    assert.deepEqual(faults(), ["mqtt"]);
    assert.equal(home.rig.web.bus.command("intercom/x/mute/set", "ON"), false, "said to nobody, and not later either");
    await broker.start();
    const back = until(home, true);
    await home.clock.advance(60_000);
    await back;
    assert.deepEqual(faults(), []);
    const all = await home.listen("#");
    for (const kept of [/\/state idle$/, /\/status online$/, /^homeassistant\/device/]) await all.line(kept);
    assert.equal(all.lines.length, 3);
  });

  it("is left alone for a minute when another program uses our name, which is told", async () => {
    const broker = await startMosquitto();
    await using home = await startHouse({ mqtt: { url: `mqtt://127.0.0.1:${broker.port}` } }, broker);
    const clientId = `doorward-${home.rig.identity.installation}`;
    const takeOver = async () => {
      await until(home, true);
      const lost = until(home, false);
      const thief = await home.program({ clientId });
      await lost;
      await new Promise(setImmediate);
      thief.end(true);
    };
    await takeOver();
    await home.clock.advance(2000);
    await takeOver();
    assert.match(home.rig.identity.faults.list()[0]?.what ?? "", /Another program uses the hub's MQTT client id/);
    await home.clock.advance(59_000);
    assert.equal(home.rig.web.bus.connected, false);
    const back = until(home, true);
    await home.clock.advance(61_000);
    await back;
    assert.deepEqual(home.rig.identity.faults.list(), []);
  });
});
