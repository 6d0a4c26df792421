import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import WebSocket from "ws";
import type { HubMessage } from "../src/surfaces/page/messages.ts";
import { AsyncQueue } from "../src/util/queue.ts";
import { type DisturbedWriter, disturbedWriter } from "./disturbed-writer.ts";
import { type Answer, offerSdp, type Person, type Rig, startRig } from "./web-rig.ts";

const password = "correct horse battery";

/** Kept, or refused with one sentence about the disk; nothing else. */
function keptOrTold(answer: Answer, status: number): boolean {
  if (answer.status === status) return true;
  assert.equal(answer.status, 503, answer.text);
  assert.equal(answer.json.code, "store");
  assert.match(String(answer.json["detail"]), /The hub's disk is full/);
  return false;
}

/** A write that may be refused by the fault, and works when it is tried again. */
async function twice(call: () => Promise<Answer>, status: number): Promise<Answer> {
  const first = await call();
  if (keptOrTold(first, status)) return first;
  const second = await call();
  assert.equal(second.status, status, second.text);
  return second;
}

async function openPage(rig: Rig, cookie: string) {
  const socket = new WebSocket(`${rig.url.replace("http", "ws")}api/v1/events`, { headers: { cookie } });
  const told = new AsyncQueue<HubMessage>({ max: 1000 });
  socket.on("message", (data) => told.push(JSON.parse(String(data)) as HubMessage));
  socket.once("close", () => told.end());
  await once(socket, "open");
  const messages = told[Symbol.asyncIterator]();
  const next = async (wanted: (message: HubMessage) => boolean): Promise<HubMessage> => {
    for (;;) {
      const { value, done } = await messages.next();
      if (done) throw new Error("the socket closed before it was told");
      if (wanted(value)) return value;
    }
  };
  return { socket, next, say: (message: unknown) => socket.send(JSON.stringify(message)) };
}

/** Somebody comes, watches, speaks, changes this and that, and goes. Fails when anything but a kept change fails. */
async function visit(rig: Rig): Promise<void> {
  const login = await twice(() => rig.call("POST", "/api/v1/login", { body: { name: "Anna", password } }), 200);
  const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const as = { cookie } as Person;
  const page = await openPage(rig, cookie);
  const watching = await rig.call("POST", "/whep/front", {
    as,
    headers: { "content-type": "application/sdp" },
    body: offerSdp,
  });
  assert.equal(watching.status, 201, watching.text);
  await talk(rig, page, (watching.headers.get("location") ?? "").split("/").at(-1) ?? "");
  await change(rig, as);
  assert.equal((await rig.call("GET", "/api/v1/audit", { as })).status, 200);
  assert.equal((await rig.call("POST", "/api/v1/logout", { as })).status, 204);
  assert.deepEqual(await page.next(({ type }) => type === "signed-out"), { type: "signed-out", reason: "signed-out" });
  await rig.webrtc.viewers.at(-1)?.disposed;
  assert.equal((await rig.call("GET", "/api/v1/session", { as })).json["user"], undefined);
}

async function talk(rig: Rig, page: Awaited<ReturnType<typeof openPage>>, whep: string): Promise<void> {
  const state = (wanted: string) => page.next((message) => message.type === "talk" && message.state === wanted);
  page.say({ type: "talk-take", turn: 1, to: "device:front", voice: whep });
  await state("granted");
  page.say({ type: "talk-release", turn: 1 });
  await state("released");
  assert.equal(rig.hub.turns.holder("front").holder, undefined);
}

async function change(rig: Rig, as: Person): Promise<void> {
  const name = `Guest ${Math.random().toString(36).slice(2)}`;
  const grants = [{ scope: "*", rights: ["view"] }];
  const added = await twice(() => rig.call("POST", "/api/v1/users", { as, body: { name, grants } }), 201);
  const path = `/api/v1/users/${added.json["id"]}`;
  await twice(() => rig.call("PATCH", path, { as, body: { grants: [] } }), 200);
  await twice(() => rig.call("DELETE", path, { as }), 204);
  const token = await twice(() => rig.call("POST", "/api/v1/tokens", { as, body: { name: "t", grants } }), 201);
  const revoked = await rig.call("DELETE", `/api/v1/tokens/${token.json["id"]}`, { as });
  assert.ok([204, 503].includes(revoked.status), revoked.text);
  const headers = { authorization: `Bearer ${token.json["token"]}` };
  assert.equal((await rig.call("GET", "/api/v1/devices", { headers })).status, 401, "it works no longer");
  const left = (await rig.call("GET", "/api/v1/users", { as })).json["users"] as { name: string }[];
  assert.ok(!left.some((one) => one.name === name));
}

async function startHouse(): Promise<{ readonly rig: Rig; readonly disturbed: DisturbedWriter }> {
  const disturbed = disturbedWriter();
  const rig = await startRig({ front: "fake://x/?video&speaker" }, { writer: disturbed.open });
  await rig.identity.users.create({ name: "Anna", password, administrator: true, grants: [] });
  return { rig, disturbed };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let n = 0; n < 2000; n++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`never came true: ${what}`);
}

describe("a hub whose database cannot be written", () => {
  it("lives through the loss of any one batch of a visit, and heals", async (t) => {
    let n = 1;
    for (let reached = true; reached; n++) {
      const { rig, disturbed } = await startHouse();
      await using _rig = rig;
      disturbed.arm((batch) => batch === n);
      await visit(rig);
      await rig.identity.store.settled();
      reached = disturbed.batches > n;
      await until("it heals", () => rig.identity.store.health.fault === undefined);
      const health = await rig.call("GET", "/health");
      assert.equal(health.json["status"], "ok", `after batch ${n}: ${health.text}`);
      const said = rig.identity.audit.list().map(({ action }) => action);
      for (const action of ["login", "view", "talk", "user-added", "token-made", "logout"] as const) {
        assert.ok(said.includes(action), `${action} was written later, when batch ${n} was lost: ${said}`);
      }
    }
    t.diagnostic(`${n - 1} batches`);
    assert.ok(n > 8);
  });

  it("goes on while nothing can be written, tells why, and heals by itself", async () => {
    const { rig, disturbed } = await startHouse();
    await using _rig = rig;
    const anna = await rig.person({ name: "Root", administrator: true });
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "*", rights: ["view", "talk"] }] });
    const page = await openPage(rig, anna.cookie);
    const watching = await openPage(rig, ben.cookie);
    disturbed.arm(() => true);
    const login = await rig.call("POST", "/api/v1/login", { body: { name: "Anna", password } });
    assert.equal(login.status, 503);
    assert.match(
      String(login.json["detail"]),
      /^You cannot be signed in now\. The hub's disk is full; an administrator/,
    );
    const told = await page.next(({ type }) => type === "faults");
    assert.ok(told.type === "faults" && told.faults.length === 1);
    assert.match(told.faults[0]?.advice ?? "", /Make room/);
    const health = await rig.call("GET", "/health");
    assert.equal(health.status, 200);
    assert.equal(health.json["status"], "degraded");
    assert.match(health.text, /The hub's disk is full/);
    assert.doesNotMatch(health.text, /advice|sqlite|\/tmp/);
    const metrics = await rig.call("GET", "/metrics", { as: anna });
    assert.match(metrics.text, /doorward_fault\{fault="store"\} 1/);
    const headers = { "content-type": "application/sdp" };
    const picture = await rig.call("POST", "/whep/front", { as: ben, headers, body: offerSdp });
    assert.equal(picture.status, 201, picture.text);
    await talk(rig, watching, (picture.headers.get("location") ?? "").split("/").at(-1) ?? "");
    assert.equal((await rig.call("POST", "/api/v1/logout", { as: ben })).status, 204);
    await watching.next(({ type }) => type === "signed-out");
    assert.equal((await rig.call("GET", "/api/v1/devices", { as: ben })).status, 401);
    disturbed.arm(() => false);
    const healed = await page.next(({ type }) => type === "faults");
    assert.deepEqual(healed, { type: "faults", faults: [] });
    assert.equal((await rig.call("GET", "/health")).json["status"], "ok");
    assert.equal(rig.identity.store.health.waiting, 0);
    const said = rig.identity.audit.list().map(({ actor, action }) => `${actor} ${action}`);
    for (const line of ["Ben view", "Ben talk", "Ben logout"]) assert.ok(said.includes(line), `${line} in ${said}`);
    const sessions = rig.identity.store.one("SELECT count(*) AS n FROM sessions WHERE user_id = ?", ben.id);
    assert.equal(sessions?.["n"], 0, "the log-out was written");
  });

  it("tells nobody but administrators of its faults on the page", async () => {
    const { rig } = await startHouse();
    await using _rig = rig;
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "device:front", rights: ["view", "administer"] }] });
    const page = await openPage(rig, ben.cookie);
    rig.identity.faults.raise("store", { what: "what", advice: "advice" });
    page.say({ type: "ping" });
    const first = await page.next(({ type }) => type === "faults" || type === "pong");
    assert.equal(first.type, "pong");
  });
});
