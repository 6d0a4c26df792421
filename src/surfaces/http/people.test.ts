import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { everything, type Person, type Rig, startRig } from "../../../test/web-rig.ts";
import { ManualClock } from "../../util/clock.ts";

const word = "correct horse";

const bearer = async (rig: Rig, person: Person) => ({
  authorization: `Bearer ${(await rig.identity.credentials.makeToken(person.id, { name: "t", grants: everything })).secret}`,
});

describe("what a lost token can do", () => {
  it("makes no administrator, gives nobody a password, and makes no other token", async () => {
    await using rig = await startRig();
    const root = await rig.person({ name: "Root", password: word, administrator: true });
    const headers = await bearer(rig, root);
    const eve = { name: "Eve", password: "my own words", administrator: true };
    assert.equal((await rig.call("POST", "/api/v1/users", { headers, body: eve })).status, 403);
    const mine = { password: "my own words" };
    assert.equal((await rig.call("PATCH", `/api/v1/users/${root.id}`, { headers, body: mine })).status, 403);
    const token = { name: "more", grants: everything };
    assert.equal((await rig.call("POST", "/api/v1/tokens", { headers, body: token })).status, 403);
    assert.equal(rig.identity.users.list().length, 1);
    assert.ok(await rig.identity.users.verify("Root", word));
  });

  it("a token for Prometheus reads the numbers and sees nothing else", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    const root = await rig.person({ name: "Root", administrator: true });
    const body = { name: "Prometheus", grants: [{ scope: "*", rights: ["metrics"] }] };
    const made = await rig.call("POST", "/api/v1/tokens", { as: root, body });
    assert.equal(made.status, 201);
    const headers = { authorization: `Bearer ${made.json["token"]}` };
    assert.equal((await rig.call("GET", "/metrics", { headers })).status, 200);
    assert.deepEqual((await rig.call("GET", "/api/v1/devices", { headers })).json["devices"], []);
    assert.equal((await rig.call("GET", "/api/v1/audit", { headers })).status, 403);
    await rig.identity.store.settled();
    const [entry] = rig.identity.audit.list();
    assert.deepEqual(
      [entry?.action, entry?.subject, entry?.detail],
      ["token-made", "Prometheus", "for Root: *=metrics"],
    );
  });

  it("has no right that its owner lacks, nor one that nobody chose", async () => {
    await using rig = await startRig();
    await rig.person({ name: "Root", administrator: true });
    const anna = await rig.person({ name: "Anna", grants: [{ scope: "area:Garden", rights: ["view"] }] });
    const ask = (grants: unknown) => rig.call("POST", "/api/v1/tokens", { as: anna, body: { name: "t", grants } });
    assert.equal((await ask([{ scope: "*", rights: ["talk"] }])).json.code, "beyond-rights");
    assert.equal((await ask([])).status, 400);
    assert.equal((await ask(undefined)).status, 400);
    assert.equal((await ask([{ scope: "*", rights: ["view"] }])).status, 201);
  });
});

describe("a page that was left open", () => {
  it("changes people and tokens only after the password was given again", async () => {
    const clock = new ManualClock();
    await using rig = await startRig({}, { clock });
    const root = await rig.person({ name: "Root", password: word, administrator: true });
    await clock.advance(11 * 60 * 1000);
    const add = () => rig.call("POST", "/api/v1/users", { as: root, body: { name: "Ben" } });
    assert.equal((await add()).json.code, "password-needed");
    const confirm = (password: string) => rig.call("POST", "/api/v1/session/confirm", { as: root, body: { password } });
    assert.equal((await confirm("wrong")).json.code, "wrong-password");
    assert.equal((await add()).json.code, "password-needed");
    assert.equal((await confirm(word)).status, 204);
    assert.equal((await add()).status, 201);
    await clock.advance(11 * 60 * 1000);
    assert.equal((await rig.call("DELETE", `/api/v1/users/${root.id}`, { as: root })).json.code, "password-needed");
    await rig.identity.store.settled();
    assert.deepEqual(
      rig.identity.audit.list().map(({ action }) => action),
      ["user-added", "confirm-failed"],
    );
  });
});

describe("somebody who may administer everything, and is no administrator", () => {
  it("makes no administrator, changes none, and gives nobody more than they have", async () => {
    await using rig = await startRig();
    const root = await rig.person({ name: "Root", administrator: true });
    const anna = await rig.person({ name: "Anna", grants: [{ scope: "*", rights: ["view", "administer"] }] });
    const guard = await rig.person({ name: "Guard", grants: [{ scope: "device:gate", rights: ["unlock"] }] });
    const call = (method: string, id: string, body?: unknown) =>
      rig.call(method, `/api/v1/users${id}`, { as: anna, ...(body !== undefined && { body }) });
    const refused = [
      await call("POST", "", { name: "Eve", administrator: true }),
      await call("POST", "", { name: "Eve", grants: [{ scope: "*", rights: ["unlock"] }] }),
      await call("PATCH", `/${anna.id}`, { administrator: true }),
      await call("PATCH", `/${anna.id}`, { grants: [{ scope: "*", rights: ["unlock"] }] }),
      await call("PATCH", `/${root.id}`, { password: "my own words" }),
      await call("PATCH", `/${root.id}`, { administrator: false }),
      await call("DELETE", `/${root.id}`),
      await call("PATCH", `/${guard.id}`, { password: "my own words" }),
    ];
    assert.deepEqual(
      refused.map(({ status, json }) => `${status} ${json.code}`),
      Array(refused.length).fill("403 forbidden"),
    );
    const ben = await call("POST", "", { name: "Ben", grants: [{ scope: "area:Garden", rights: ["view"] }] });
    assert.equal(ben.status, 201);
    assert.equal((await call("DELETE", `/${ben.json["id"]}`)).status, 204);
  });
});

describe("one's own password", () => {
  it("is changed with the old one; other sessions end, this one and the tokens go on", async () => {
    await using rig = await startRig();
    const anna = await rig.person({ name: "Anna", password: word, administrator: true });
    const other = (await rig.identity.credentials.openSession(anna.id)).secret;
    const headers = await bearer(rig, anna);
    const change = (body: unknown) => rig.call("POST", "/api/v1/session/password", { as: anna, body });
    assert.equal((await change({ password: "wrong", newPassword: "battery staple" })).json.code, "wrong-password");
    assert.equal((await change({ password: word, newPassword: "short" })).status, 400);
    assert.equal((await change({ password: word, newPassword: "battery staple" })).status, 204);
    const status = async (how: Record<string, string>) =>
      (await rig.call("GET", "/api/v1/devices", { headers: how })).status;
    assert.equal(await status({ cookie: anna.cookie }), 200);
    assert.equal(await status({ cookie: `doorward=${other}` }), 401);
    assert.equal(await status(headers), 200);
    assert.equal(await rig.identity.users.verify("Anna", word), undefined);
    assert.ok(await rig.identity.users.verify("Anna", "battery staple"));
    const body = { password: "battery staple", newPassword: word, endTokens: true };
    assert.equal((await change(body)).status, 204);
    assert.equal(await status(headers), 401);
  });
});
