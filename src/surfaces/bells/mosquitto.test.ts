import assert from "node:assert/strict";
import { test } from "node:test";
import { connectAsync } from "mqtt";
import { startMosquitto } from "../../../test/peers/mosquitto.ts";
import { startRig } from "../../../test/web-rig.ts";
import { stationIdOf } from "../../protocols/room/station-id.ts";

test("by a real broker: a ring is one event, a broker that starts again brings none, a door is opened once", async () => {
  await using broker = await startMosquitto();
  const url = `mqtt://127.0.0.1:${broker.port}`;
  await using rig = await startRig({ front: "fake://x/?video" }, { mqtt: { url } });
  rig.hub.locks.follow({ relayHosts: [], overMqtt: true, legacyStations: false });
  await rig.hub.devices.update("front", { bell: { lock: { by: "mqtt", topic: "gate/set", opensForS: 0.5 } } });
  const root = `doorward/${stationIdOf(rig.identity.installation)}/bells/front`;
  const home = await connectAsync(url, { reconnectPeriod: 50 });
  home.on("error", () => {}); // It comes back by itself.
  const events: string[] = [];
  const locked: string[] = [];
  const told = (what: string, fits: (payload: string) => boolean) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    home.on("message", (topic, payload) => topic === `${root}/${what}` && fits(String(payload)) && resolve());
    return promise;
  };
  home.on("message", (topic, payload) => {
    if (topic === `${root}/event`) events.push(JSON.parse(String(payload)).event_type);
    if (topic === "gate/set") locked.push(String(payload));
  });
  const here = told("call", (payload) => payload.includes("idle"));
  await home.subscribeAsync(["doorward/#", "gate/set"], { qos: 1 });
  await here;

  const rung = told("event", (payload) => payload.includes("ring"));
  rig.hub.calls.ring({ from: "front" });
  rig.hub.calls.ring({ from: "front" });
  await rung;
  const declined = told("event", (payload) => payload.includes("declined"));
  await home.publishAsync(`${root}/decline`, "PRESS");
  await declined;
  assert.deepEqual(events, ["ring", "declined"]);

  const back = told("call", (payload) => payload.includes("idle"));
  const { promise: connected, resolve: connect } = Promise.withResolvers<void>();
  home.once("connect", () => connect());
  await broker.kill();
  await broker.start();
  await connected;
  await back;
  assert.deepEqual(events, ["ring", "declined"], "a broker that has started again brings no event");

  const open = told("lock", (payload) => payload.includes('"UNLOCKED"'));
  const closed = told("lock", (payload) => payload.includes('"LOCKED"') && payload.includes("is open"));
  await Promise.all([1, 2, 3].map(() => home.publishAsync(`${root}/lock/set`, "UNLOCK", { qos: 1 })));
  await open;
  await closed;
  assert.deepEqual(locked, ["UNLOCK"]);
  await home.endAsync(true);
});
