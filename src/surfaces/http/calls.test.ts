import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { WebSocket } from "ws";
import { type Person, type Rig, startRig } from "../../../test/web-rig.ts";
import type { HubMessage } from "../page/messages.ts";

const grants = [{ scope: "device:front", rights: ["view", "talk"] }] as const;

/** A house with a door, where Anna and Ben may talk to it and Eve may not. */
async function house() {
  const rig = await startRig({ front: "fake://x/?video&area=Entrance" });
  await rig.person({ name: "Root", administrator: true });
  const person = (name: string, rights: readonly object[] = grants) =>
    rig.person({ name, grants: rights as Person["principal"]["limits"] & object } as never);
  return { rig, anna: await person("Anna"), ben: await person("Ben"), eve: await person("Eve", []) };
}

const press = (rig: Rig, as: Person, body = {}) => rig.call("POST", "/api/v1/devices/front/ring", { as, body });

/** Messages about calls, as one page is told them. */
async function page(rig: Rig, { cookie }: Person) {
  const socket = new WebSocket(`${rig.url.replace("http", "ws")}api/v1/events`, { headers: { cookie } });
  const told: HubMessage[] = [];
  const waiting = new Set<() => void>();
  socket.on("message", (data) => {
    told.push(JSON.parse(String(data)) as HubMessage);
    for (const look of waiting) look();
  });
  await once(socket, "message");
  const next = async (change: string) => {
    const find = () => told.find((message) => message.type === "call" && message.change === change);
    while (!find()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add(resolve);
      await promise;
      waiting.delete(resolve);
    }
    return find() as Extract<HubMessage, { readonly type: "call" }>;
  };
  return { socket, next, told, [Symbol.dispose]: () => socket.terminate() };
}

describe("calls by the API", () => {
  it("a bell that is pressed rings on pages, is answered once, and everybody is told by whom", async () => {
    const { rig, anna, ben, eve } = await house();
    await using _rig = rig;
    using annas = await page(rig, anna);
    using bens = await page(rig, ben);
    using eves = await page(rig, eve);
    const rung = await press(rig, anna, { pressId: "1" });
    assert.deepEqual([rung.status, rung.json["state"]], [200, "ringing"]);
    assert.equal((await press(rig, anna)).json["state"], "joined");
    const { call } = await bens.next("ringing");
    assert.equal(call.you, `person:${ben.id}`);
    assert.deepEqual([call.mayAnswer, call.mayPeek, call.mayUnlock], [true, true, false]);
    bens.socket.send(JSON.stringify({ type: "call-confirm", call: call.id }));
    const confirmed = await annas.next("confirmed");
    assert.equal(confirmed.by?.name, "Ben");
    const path = `/api/v1/calls/${call.id}`;
    assert.equal((await rig.call("POST", `${path}/answer`, { as: eve })).status, 404);
    assert.equal((await rig.call("POST", `${path}/answer`, { as: anna })).json["state"], "answered");
    assert.equal((await bens.next("answered")).call.answeredBy?.name, "Anna");
    const late = await rig.call("POST", `${path}/answer`, { as: ben });
    assert.equal(late.status, 409);
    assert.match(late.text, /It was answered already, by Anna\./);
    assert.equal((await rig.call("POST", `${path}/end`, { as: anna })).json["endReason"], "ended");
    await bens.next("ended");
    assert.deepEqual(
      eves.told.filter(({ type }) => type === "call" || type === "calls"),
      [],
    );
  });

  it("the first live picture that a page shows is timed, and of strangers of the call nothing is believed", async () => {
    const { rig, anna, ben, eve } = await house();
    await using _rig = rig;
    using bens = await page(rig, ben);
    using eves = await page(rig, eve);
    const id = String((await press(rig, anna)).json["call"]);
    const seenBy = async ({ socket, told }: typeof bens) => {
      socket.send(JSON.stringify({ type: "call-picture", call: id }));
      socket.send(JSON.stringify({ type: "ping" }));
      while (!told.some(({ type }) => type === "pong")) await once(socket, "message");
      return rig.hub.callTimes.histogram("ring_to_picture").count;
    };
    assert.equal(await seenBy(eves), 0);
    assert.equal(await seenBy(bens), 1);
  });

  it("the history has who was missed, and keeps it from strangers", async () => {
    const { rig, anna, eve } = await house();
    await using _rig = rig;
    const rung = await press(rig, anna);
    const id = String(rung.json["call"]);
    await rig.call("POST", `/api/v1/calls/${id}/decline`, { as: anna, body: { reply: "Not now, please." } });
    await rig.identity.store.settled();
    const { json } = await rig.call("GET", "/api/v1/calls", { as: anna });
    const [past] = json["calls"] as { endReason: string; reply: string; rung: unknown[] }[];
    assert.deepEqual([past?.endReason, past?.reply], ["declined", "Not now, please."]);
    assert.deepEqual((await rig.call("GET", "/api/v1/calls", { as: eve })).json["calls"], []);
    assert.equal((await rig.call("GET", `/api/v1/calls/${id}`, { as: eve })).status, 404);
    assert.equal((await rig.call("GET", `/api/v1/calls/${id}/snapshot`, { as: eve })).status, 404);
  });

  it("the history has a picture of who rang, and the numbers say how it went", async () => {
    const { rig, anna } = await house();
    await using _rig = rig;
    const root = await rig.person({ name: "Admin", administrator: true });
    using _demand = rig.hub.devices.get("front")?.demand();
    await rig.hub.devices.get("front")?.waitForTrack("video", { timeoutMs: 5000 });
    const id = String((await press(rig, anna)).json["call"]);
    while (rig.conversions.snapshots === 0) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    await rig.call("POST", `/api/v1/calls/${id}/end`, { as: anna });
    await rig.identity.store.settled();
    const picture = await rig.call("GET", `/api/v1/calls/${id}/snapshot`, { as: anna });
    assert.deepEqual([picture.status, picture.headers.get("content-type")], [200, "image/jpeg"]);
    const { text } = await rig.call("GET", "/metrics", { as: root });
    assert.match(text, /doorward_calls_ended_total\{reason="ended"\} 1/);
    assert.match(text, /# TYPE doorward_call_ring_to_answer_seconds histogram/);
  });

  it("people call people; who is not there is unreachable at once", async () => {
    const { rig, anna, ben, eve } = await house();
    await using _rig = rig;
    const asked = await rig.call("POST", "/api/v1/calls", { as: eve, body: { to: "ben" } });
    assert.equal(asked.status, 404, "who may talk nowhere does not learn who lives here");
    const alone = await rig.call("POST", "/api/v1/calls", { as: anna, body: { to: "ben" } });
    assert.deepEqual([alone.status, alone.json["endReason"]], [201, "unreachable"]);
    using bens = await page(rig, ben);
    const called = await rig.call("POST", "/api/v1/calls", { as: anna, body: { to: "person:Ben" } });
    assert.equal(called.json["state"], "ringing");
    const present = async (as: Person) => (await rig.call("GET", "/api/v1/callable", { as })).json["present"];
    assert.deepEqual(await present(anna), [{ party: `person:${ben.id}`, name: "Ben" }]);
    assert.deepEqual(await present(eve), []);
    const stands = async (as: Person) => {
      const { json } = await rig.call("GET", "/api/v1/callable", { as });
      return (json["callable"] as { name: string; state: string }[]).map(({ name, state }) => `${name} ${state}`);
    };
    assert.deepEqual(await stands(anna), ["Ben free", "Eve away", "Root away"]);
    assert.deepEqual(await stands(eve), []);
    await rig.call("PATCH", "/api/v1/ringing", { as: ben, body: { doNotDisturb: true } });
    assert.deepEqual((await stands(anna))[0], "Ben quiet");
    await rig.call("PATCH", "/api/v1/ringing", { as: ben, body: { doNotDisturb: false } });
    const path = `/api/v1/calls/${String(called.json["id"])}`;
    const again = await rig.call("POST", "/api/v1/calls", { as: anna, body: { to: "ben" } });
    assert.deepEqual([again.status, again.json.code], [409, "call-refused"]);
    assert.equal((await rig.call("POST", `${path}/answer`, { as: ben })).json["state"], "answered");
    assert.deepEqual((await stands(anna))[0], "Ben busy");
    bens.socket.terminate();
    const stranger = await rig.call("POST", "/api/v1/calls", { as: anna, body: { to: "nobody" } });
    assert.equal(stranger.status, 404);
  });

  it("each says how they want to be rung, and is left alone then", async () => {
    const { rig, anna, ben } = await house();
    await using _rig = rig;
    using bens = await page(rig, ben);
    const changed = await rig.call("PATCH", "/api/v1/ringing", { as: ben, body: { doNotDisturb: true } });
    assert.deepEqual(changed.json, { doNotDisturb: true, quiet: [] });
    const wrong = await rig.call("PATCH", "/api/v1/ringing", {
      as: ben,
      body: { quiet: [{ from: "25:00", to: "7" }] },
    });
    assert.equal(wrong.status, 400);
    await press(rig, anna);
    const { call } = await bens.next("ringing");
    assert.deepEqual(call.rung, [{ party: `person:${ben.id}`, name: "Ben", state: "quiet" }]);
  });
});
