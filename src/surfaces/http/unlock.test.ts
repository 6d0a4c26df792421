import assert from "node:assert/strict";
import { test } from "node:test";
import { startRig } from "../../../test/web-rig.ts";

test("a door is opened by whoever has the right to unlock it, once for a nonce, and who asked is noted", async () => {
  await using rig = await startRig({ front: "fake://x/?video", yard: "fake://x/?video" });
  const root = await rig.person({ name: "Root", administrator: true });
  const guest = await rig.person({ name: "Guest", grants: [{ scope: "*", rights: ["view", "talk"] }] });
  const path = "/api/v1/devices/front/unlock";
  const body = { nonce: "0123456789" };
  assert.equal((await rig.call("POST", path, { as: guest, body })).status, 404);
  const none = await rig.call("POST", path, { as: root, body });
  assert.deepEqual([none.status, none.json["code"]], [409, "unlock-no-lock"]);

  await rig.hub.devices.update("front", { warm: true, bell: { lock: { by: "station", command: "open" } } });
  const away = await rig.call("POST", "/api/v1/devices/yard/unlock", { as: root, body });
  assert.equal(away.json["code"], "unlock-no-lock");
  const orders: string[] = [];
  const station = rig.camera.running.get("front");
  assert.ok(station);
  const serving = (async () => {
    for await (const { name, done } of station.commands) {
      orders.push(name);
      done();
    }
  })();
  const nonce = { nonce: "abcdefghij" };
  const opened = await rig.call("POST", path, { as: root, body: nonce });
  assert.deepEqual([opened.status, opened.json["sentence"]], [200, "front is open"]);
  const again = await rig.call("POST", path, { as: root, body: nonce });
  assert.deepEqual([again.status, again.json["joined"]], [200, true]);
  assert.deepEqual(orders, ["open"]);
  assert.equal((await rig.call("POST", path, { as: root, body: { nonce: "a b" } })).status, 400);
  await rig.hub.devices.update("front", { enabled: false });
  await serving;
  await rig.identity.store.settled();
  const noted = rig.identity.audit.list().filter(({ action }) => action === "unlock");
  assert.deepEqual(noted.map(({ actor, subject, detail }) => [actor, subject, detail])[0], ["Root", "front", "opened"]);
});
