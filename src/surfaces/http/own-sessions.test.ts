import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { everything, type Person, type Rig, startRig } from "../../../test/web-rig.ts";
import { ManualClock } from "../../util/clock.ts";

const word = "correct horse";
const firefox = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0";

/** A hub, its administrator signed in twice: here, and by the log-in with another browser. */
async function openHouse(options: Parameters<typeof startRig>[1] = {}) {
  const rig = await startRig({}, options);
  const root = await rig.person({ name: "Root", password: word, administrator: true });
  const answer = await rig.call("POST", "/api/v1/login", {
    body: { name: "Root", password: word },
    headers: { "user-agent": firefox },
  });
  const there = { cookie: answer.headers.getSetCookie()[0]?.split(";")[0] ?? "" };
  return { rig, root, there, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

const list = async (rig: Rig, as: Person) =>
  (await rig.call("GET", "/api/v1/sessions", { as })).json["sessions"] as Record<string, unknown>[];

const status = async (rig: Rig, headers: Record<string, string>) =>
  (await rig.call("GET", "/api/v1/devices", { headers })).status;

describe("one's own sessions", () => {
  it("are listed with when, from where and by which browser, and which of them asks", async () => {
    const clock = new ManualClock();
    await using house = await openHouse({ clock });
    const { rig, root } = house;
    const signedInMs = clock.wallMs();
    await clock.advance(5 * 60_000);
    const [here, there, ...more] = await list(rig, root);
    assert.deepEqual(more, []);
    const seen = { here: true, panel: false, createdMs: signedInMs, seenMs: clock.wallMs() };
    assert.deepEqual(here, { id: root.principal.credentialId, ...seen });
    const { id, ...rest } = there ?? {};
    assert.match(String(id), /^[0-9a-f]{18}$/);
    const where = { address: "127.0.0.1", browser: firefox };
    assert.deepEqual(rest, { here: false, panel: false, createdMs: signedInMs, seenMs: signedInMs, ...where });
  });

  it("of others are neither seen nor ended", async () => {
    await using house = await openHouse();
    const { rig, root } = house;
    const ben = await rig.person({ name: "Ben" });
    assert.deepEqual(
      (await list(rig, ben)).map(({ id }) => id),
      [ben.principal.credentialId],
    );
    const answer = await rig.call("DELETE", `/api/v1/sessions/${root.principal.credentialId}`, { as: ben });
    assert.equal(answer.status, 404);
    assert.equal(await status(rig, { cookie: root.cookie }), 200);
  });

  it("are not listed any more once they are too old", async () => {
    const clock = new ManualClock();
    await using house = await openHouse({ clock });
    const { rig, root } = house;
    for (let hours = 0; hours < 13; hours++) {
      await clock.advance(60 * 60_000);
      await status(rig, { cookie: root.cookie });
    }
    assert.equal((await list(rig, root)).length, 1);
  });
});

describe("signing out elsewhere", () => {
  it("ends the one that is named, at once, and is written down", async () => {
    await using house = await openHouse();
    const { rig, root, there } = house;
    const other = (await list(rig, root)).find(({ here }) => here === false);
    assert.equal(await status(rig, there), 200);
    assert.equal((await rig.call("DELETE", `/api/v1/sessions/${other?.["id"]}`, { as: root })).status, 204);
    assert.equal(await status(rig, there), 401);
    assert.equal(await status(rig, { cookie: root.cookie }), 200);
    assert.equal((await rig.call("DELETE", `/api/v1/sessions/${other?.["id"]}`, { as: root })).status, 404);
    await rig.identity.store.settled();
    const [entry] = rig.identity.audit.list();
    assert.deepEqual([entry?.actor, entry?.action, entry?.detail], ["Root", "session-ended", "127.0.0.1"]);
  });

  it("ends all but the one that asks, and no token", async () => {
    await using house = await openHouse();
    const { rig, root, there } = house;
    const { secret } = await rig.identity.credentials.makeToken(root.id, { name: "t", grants: everything });
    await rig.identity.credentials.openSession(root.id, { panel: true });
    const ben = await rig.person({ name: "Ben" });
    const answer = await rig.call("DELETE", "/api/v1/sessions", { as: root });
    assert.deepEqual([answer.status, answer.json], [200, { ended: 2 }]);
    assert.equal(await status(rig, there), 401);
    assert.equal(await status(rig, { cookie: root.cookie }), 200);
    assert.equal(await status(rig, { cookie: ben.cookie }), 200);
    assert.equal(await status(rig, { authorization: `Bearer ${secret}` }), 200);
    assert.deepEqual((await rig.call("DELETE", "/api/v1/sessions", { as: root })).json, { ended: 0 });
    await rig.identity.store.settled();
    const entries = rig.identity.audit.list().filter(({ action }) => action === "sessions-ended");
    assert.deepEqual(
      entries.map(({ detail }) => detail),
      ["2"],
    );
  });

  it("ends as many as there may be, in one change", async () => {
    const clock = new ManualClock();
    await using house = await openHouse({ clock });
    const { rig, root } = house;
    for (let n = 0; n < 60; n++) await rig.identity.credentials.openSession(root.id);
    await status(rig, { cookie: root.cookie });
    const there = (await rig.identity.credentials.openSession(root.id)).secret;
    const anew = await rig.person({ name: "Again" });
    const here = (await rig.identity.credentials.openSession(root.id)).secret;
    const headers = { cookie: `doorward=${here}` };
    assert.deepEqual((await rig.call("DELETE", "/api/v1/sessions", { headers })).json, { ended: 49 });
    assert.equal(await status(rig, { cookie: `doorward=${there}` }), 401);
    assert.equal(await status(rig, headers), 200);
    assert.equal(await status(rig, { cookie: anew.cookie }), 200);
  });

  it("is nothing for a token", async () => {
    await using house = await openHouse();
    const { rig, root } = house;
    const { secret } = await rig.identity.credentials.makeToken(root.id, { name: "t", grants: everything });
    const headers = { authorization: `Bearer ${secret}` };
    assert.equal((await rig.call("GET", "/api/v1/sessions", { headers })).status, 403);
    assert.equal((await rig.call("DELETE", "/api/v1/sessions", { headers })).status, 403);
  });
});

it("what a browser calls itself is kept up to 256 characters", async () => {
  await using rig = await startRig();
  const anna = await rig.person({ name: "Anna", password: word, administrator: true });
  const headers = { "user-agent": "x".repeat(5000) };
  await rig.call("POST", "/api/v1/login", { body: { name: "Anna", password: word }, headers });
  const other = (await list(rig, anna)).find(({ here }) => here === false);
  assert.equal(other?.["browser"], "x".repeat(256));
});
