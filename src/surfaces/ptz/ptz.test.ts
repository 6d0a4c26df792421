import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OnvifCamera } from "../../../test/peers/onvif-camera.ts";
import { type Person, type Rig, startRig } from "../../../test/web-rig.ts";

/** A hub with a camera that is turned by ONVIF, beside one that is not. */
async function house() {
  const camera = await OnvifCamera.start({ turns: true });
  const rig = await startRig({ yard: "fake://x/?video", hall: "fake://x/?video" });
  const root = await rig.person({ name: "Root", administrator: true });
  const body = { ptz: "onvif", ptzUrl: camera.url };
  assert.equal((await rig.call("PATCH", "/api/v1/devices/yard", { as: root, body })).status, 200);
  const dispose = async () => {
    await rig[Symbol.asyncDispose]();
    await camera[Symbol.asyncDispose]();
  };
  return { rig, root, camera, told: camera.ptz.told, [Symbol.asyncDispose]: dispose };
}

const ptz = (rig: Rig, as: Person, what: string, body: object, device = "yard") =>
  rig.call("POST", `/api/v1/devices/${device}/ptz/${what}`, { as, body });

describe("turning cameras", () => {
  it("holds, lets go, and turns to presets; the history says who did", async () => {
    await using opened = await house();
    const { rig, root, told } = opened;
    const anna = await rig.person({ name: "Anna", grants: [{ scope: "device:yard", rights: ["view", "ptz"] }] });
    for (const pan of [1, 1, 0.5]) assert.equal((await ptz(rig, anna, "move", { hold: "anna-hold", pan })).status, 204);
    assert.equal((await ptz(rig, anna, "stop", { hold: "anna-hold" })).status, 204);
    const list = await rig.call("GET", "/api/v1/devices/yard/ptz/presets", { as: anna });
    assert.deepEqual(list.json["presets"], [
      { token: "1", name: "Gate" },
      { token: "2", name: "2" },
    ]);
    assert.equal((await ptz(rig, anna, "preset", { token: "2" })).status, 204);
    assert.deepEqual(told, [[1, 0, 0], [0.5, 0, 0], "stop", "to 2"]);
    await rig.identity.store.settled();
    const done = rig.identity.audit.list().filter(({ action }) => action.startsWith("ptz"));
    assert.deepEqual(
      done.map(({ actor, action, subject }) => `${actor} ${action} ${subject}`),
      ["Anna ptz-preset yard", "Anna ptz yard"],
    );
    const { json } = await rig.call("GET", "/api/v1/devices", { as: root });
    const can = (json["devices"] as { id: string; can: { ptz: string } }[]).map(({ id, can }) => `${id} ${can.ptz}`);
    assert.deepEqual(can.sort(), ["hall no", "yard yes"]);
  });

  it("stops a camera of which nothing more is heard, and where the device is switched off or taken away", async () => {
    await using opened = await house();
    const { rig, root, camera, told } = opened;
    await ptz(rig, root, "move", { hold: "first-hold", tilt: -1 });
    assert.deepEqual(await camera.ptz.heard(2), [[0, -1, 0], "stop"]);
    await ptz(rig, root, "move", { hold: "other-hold", zoom: 1 });
    assert.equal(camera.ptz.moves, true);
    await rig.call("PATCH", "/api/v1/devices/yard", { as: root, body: { enabled: false } });
    assert.equal((await camera.ptz.heard(4)).at(-1), "stop");
    await rig.call("PATCH", "/api/v1/devices/yard", { as: root, body: { enabled: true } });
    await ptz(rig, root, "move", { hold: "third-hold", zoom: 1 });
    await rig.call("DELETE", "/api/v1/devices/yard", { as: root });
    assert.equal((await camera.ptz.heard(6)).at(-1), "stop");
    assert.equal(told.length, 6);
  });

  it("stops a camera when the hub ends", async () => {
    await using opened = await house();
    const { rig, root, camera } = opened;
    await ptz(rig, root, "move", { hold: "first-hold", pan: 1 });
    await rig[Symbol.asyncDispose]();
    assert.equal(camera.ptz.told.at(-1), "stop");
  });

  it("says why it does not: no right, no motor, somebody else, and what the camera says", async () => {
    await using opened = await house();
    const { rig, root, camera } = opened;
    const watcher = await rig.person({ name: "Watcher", grants: [{ scope: "*", rights: ["view", "talk"] }] });
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "*", rights: ["view", "ptz"] }] });
    const hold = "ben-holds";
    assert.equal((await ptz(rig, watcher, "move", { hold, pan: 1 })).status, 404);
    assert.equal((await ptz(rig, ben, "move", { hold, pan: 1 }, "hall")).json.code, "ptz-none");
    assert.equal((await ptz(rig, ben, "move", { hold, pan: 2 })).status, 400);
    await ptz(rig, root, "move", { hold: "root-hold", pan: 1 });
    const held = await ptz(rig, ben, "move", { hold, pan: 1 });
    assert.deepEqual([held.status, held.json["detail"]], [409, "Root turns it at the moment."]);
    assert.deepEqual(held.json["fields"], { holder: "Root" });
    await ptz(rig, root, "stop", { hold: "root-hold" });
    const nowhere = await ptz(rig, ben, "preset", { token: "99" });
    assert.deepEqual([nowhere.status, nowhere.json["detail"]], [503, "The camera says: GotoPreset."]);
    camera.ptz.stopsRefused = 1;
    await ptz(rig, ben, "move", { hold, pan: 1 });
    assert.equal((await ptz(rig, ben, "stop", { hold })).status, 204);
    assert.equal(camera.ptz.moves, false);
  });
});
