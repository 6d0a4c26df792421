import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Person, type Rig, startRig } from "../../../test/web-rig.ts";

const house = { front: "fake://x/?video&speaker&area=House", dead: "fake://x/?silent&area=House" };

const send = (rig: Rig, as: Person, how: { readonly to: string; readonly bytes: number; readonly accept?: string }) =>
  fetch(new URL(`/api/v1/say/sound?to=${how.to}`, rig.url), {
    method: "POST",
    headers: {
      cookie: as.cookie,
      "x-doorward": "1",
      "content-type": "application/octet-stream",
      ...(how.accept && { accept: how.accept }),
    },
    body: new Uint8Array(how.bytes),
  });

async function people(rig: Rig) {
  const root = await rig.person({ name: "Root", administrator: true });
  const guest = await rig.person({ name: "Guest", grants: [{ scope: "device:front", rights: ["view"] }] });
  return { root, guest };
}

describe("a sound that is sent along", () => {
  it("is played, and who hears it is told by name", async () => {
    await using rig = await startRig(house);
    const { root } = await people(rig);
    const answer = await send(rig, root, { to: "device:front", bytes: 1000 });
    assert.equal(answer.status, 202);
    const { hearing } = (await answer.json()) as { readonly hearing: readonly Record<string, unknown>[] };
    assert.deepEqual(hearing[0], { deviceId: "front", name: "front", state: "playing" });
    assert.deepEqual([...new Set(rig.conversions.files)], ["bytes"]);
    assert.ok(rig.camera.heard.length > 0);
  });

  it("is told line by line until it was said, to whoever asks for that", async () => {
    await using rig = await startRig(house);
    const { root } = await people(rig);
    const answer = await send(rig, root, { to: "device:front", bytes: 1000, accept: "application/x-ndjson" });
    assert.equal(answer.headers.get("content-type"), "application/x-ndjson");
    const lines = (await answer.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const states = lines.map(({ state }) => state);
    assert.ok(states.includes("granted"), JSON.stringify(lines));
    assert.deepEqual([states.at(-1), lines.at(-1)?.["reason"]], ["released", "done"]);
  });

  it("is refused above 16 MiB, and not read from whoever may not speak there", async () => {
    await using rig = await startRig(house);
    const { root, guest } = await people(rig);
    assert.equal((await send(rig, root, { to: "device:front", bytes: 16 * 2 ** 20 + 1 })).status, 413);
    assert.deepEqual(rig.conversions.files, []);
    assert.equal(rig.hub.turns.holder("front").holder, undefined);
    const { status } = await send(rig, guest, { to: "device:front", bytes: 1000 });
    assert.equal(status, 404);
    for (const to of ["kitchen", "area:", "x".repeat(137)]) {
      assert.ok([400, 404].includes((await send(rig, root, { to, bytes: 10 })).status), to);
    }
    assert.equal((await send(rig, root, { to: "device:nobody", bytes: 10 })).status, 404);
    assert.deepEqual(rig.conversions.files, []);
  });

  it("is refused at once, in a sentence, where there is no speaker", { timeout: 5000 }, async () => {
    await using rig = await startRig({ ...house, garden: "fake://x/?video&speakerless" });
    const { root } = await people(rig);
    await rig.hub.devices.update("garden", { name: "Garden" });
    const answer = await rig.call("POST", "/api/v1/say", { as: root, body: { to: "device:garden", chime: "gong" } });
    const { code, detail } = answer.json;
    assert.deepEqual(
      [answer.status, code, detail],
      [422, "no-speaker", "Not said: Garden has no speaker that the hub can use."],
    );
  });

  it("goes to whoever is called so, and is refused when nobody is, never sent to everybody", async () => {
    await using rig = await startRig({ ...house, hall: "fake://x/?video&speaker" });
    const { root } = await people(rig);
    await rig.hub.devices.update("front", { name: "Front door" });
    const say = async (to: unknown) => {
      const { status, json } = await rig.call("POST", "/api/v1/say", { as: root, body: { to, chime: "gong" } });
      const hearing = (json["hearing"] ?? []) as readonly { readonly deviceId: string }[];
      return [status, ...hearing.map(({ deviceId }) => deviceId)];
    };
    assert.deepEqual(await say("FRONT door"), [202, "front"]);
    assert.deepEqual(await say(["Front Door", "hall"]), [202, "front", "hall"]);
    for (const to of ["Kitchen", ["Front door", "Kitchen"], "everybody"]) assert.deepEqual(await say(to), [404]);
    const ring = await rig.call("POST", "/api/v1/ring", { as: root, body: { to: "front door" } });
    assert.deepEqual(ring.json["deviceIds"], ["front"]);
  });
});
