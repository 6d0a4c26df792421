import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { everything, startRig } from "../../../test/web-rig.ts";

const word = "correct horse";

describe("log-in", () => {
  it("gives a cookie for the browser alone, and the session to the page", async () => {
    await using rig = await startRig();
    await rig.person({ name: "Anna", password: word, administrator: true });
    const answer = await rig.call("POST", "/api/v1/login", { body: { name: "anna", password: word } });
    assert.equal(answer.status, 200);
    const [cookie = "", browser = ""] = answer.headers.getSetCookie();
    assert.match(browser, /^doorward-browser=sealed:1:[\w-]+; Max-Age=31536000; Path=\/; HttpOnly; SameSite=Strict$/);
    assert.match(cookie, /^doorward=dws_[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/);
    assert.equal(answer.json["setupNeeded"], false);
    const session = await rig.call("GET", "/api/v1/session", { headers: { cookie: cookie.split(";")[0] ?? "" } });
    assert.deepEqual(session.json["user"], answer.json["user"]);
    assert.equal((session.json["user"] as { name: string }).name, "Anna");
  });

  it("does not say whether it was the name or the password, and writes both down", async () => {
    await using rig = await startRig();
    await rig.person({ name: "Anna", password: word, administrator: true });
    const wrong = await rig.call("POST", "/api/v1/login", { body: { name: "Anna", password: "x" } });
    const unknown = await rig.call("POST", "/api/v1/login", { body: { name: "Eve", password: "x" } });
    assert.equal(wrong.status, 401);
    assert.equal(wrong.text, unknown.text);
    const actions = rig.identity.audit.list().map(({ actor, action }) => `${actor} ${action}`);
    assert.deepEqual(actions, ["Eve login-failed", "Anna login-failed"]);
  });

  it("is refused after ten tries in a minute, before any hashing", async () => {
    await using rig = await startRig();
    await rig.person({ name: "Anna", password: word, administrator: true });
    const statuses: number[] = [];
    for (let n = 0; n < 12; n++) {
      statuses.push((await rig.call("POST", "/api/v1/login", { body: { name: "Anna", password: "x" } })).status);
    }
    assert.deepEqual(statuses, [...Array<number>(10).fill(401), 429, 429]);
    const right = await rig.call("POST", "/api/v1/login", { body: { name: "Anna", password: word } });
    assert.equal(right.json.code, "too-many-tries");
    assert.match(String(right.json["detail"]), new RegExp(` ${right.headers.get("retry-after")} s`));
    assert.equal(rig.identity.audit.list().length, 10);
  });

  it("ends the session that the browser had before, and log-out ends it for good", async () => {
    await using rig = await startRig();
    const anna = await rig.person({ name: "Anna", password: word, administrator: true });
    const answer = await rig.call("POST", "/api/v1/login", { as: anna, body: { name: "Anna", password: word } });
    assert.equal((await rig.call("GET", "/api/v1/devices", { as: anna })).status, 401);
    const cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const out = await rig.call("POST", "/api/v1/logout", { headers: { cookie } });
    assert.equal(out.status, 204);
    assert.match(out.headers.get("set-cookie") ?? "", /^doorward=; .*Expires=Thu, 01 Jan 1970/);
    assert.equal((await rig.call("GET", "/api/v1/devices", { headers: { cookie } })).status, 401);
  });

  it("answers 429 when too many passwords wait to be hashed", async () => {
    await using rig = await startRig();
    await rig.person({ name: "Anna", password: word, administrator: true });
    const { users } = rig.identity;
    const waiting = Array.from({ length: 18 }, () => users.verify("Anna", "x"));
    await assert.rejects(users.verify("Anna", "x"), { code: "busy" });
    await Promise.all(waiting);
  });
});

describe("a proxy in front", () => {
  const forwarded = { "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9", "x-forwarded-host": "localhost" };

  it("is believed when it is configured", async () => {
    await using rig = await startRig({}, { http: { trustedProxies: ["127.0.0.1"] } });
    await rig.person({ name: "Anna", password: word, administrator: true });
    const body = { name: "Anna", password: word };
    const answer = await rig.call("POST", "/api/v1/login", { body, headers: forwarded });
    assert.equal(answer.json["secure"], true);
    assert.match(answer.headers.get("set-cookie") ?? "", /^__Host-doorward=.*; Secure;/);
    assert.equal(rig.identity.audit.list()[0]?.detail, "203.0.113.9");
  });

  it("is not believed otherwise", async () => {
    await using rig = await startRig();
    await rig.person({ name: "Anna", password: word, administrator: true });
    const body = { name: "Anna", password: word };
    const answer = await rig.call("POST", "/api/v1/login", {
      body,
      headers: { ...forwarded, "x-forwarded-host": "evil.example" },
    });
    assert.equal(answer.json["secure"], false);
    assert.equal(rig.identity.audit.list()[0]?.detail, "127.0.0.1");
  });
});

describe("tokens", () => {
  it("are shown once, work as bearer, and cannot make tokens or log out", async () => {
    await using rig = await startRig();
    const anna = await rig.person({ name: "Anna", administrator: true });
    const made = await rig.call("POST", "/api/v1/tokens", {
      as: anna,
      body: { name: "Home", grants: everything, expiresDays: 1 },
    });
    assert.equal(made.status, 201);
    const authorization = `Bearer ${made.json["token"]}`;
    assert.equal((await rig.call("GET", "/api/v1/devices", { headers: { authorization } })).status, 200);
    const more = await rig.call("POST", "/api/v1/tokens", {
      headers: { authorization },
      body: { name: "More", grants: everything },
    });
    assert.equal(more.status, 403);
    const listed = await rig.call("GET", "/api/v1/tokens", { as: anna });
    assert.ok(!listed.text.includes(String(made.json["token"])));
    assert.equal((listed.json["tokens"] as unknown[]).length, 1);
    const id = String(made.json["id"]);
    const ben = await rig.person({ name: "Ben", administrator: true });
    assert.equal((await rig.call("DELETE", `/api/v1/tokens/${id}`, { as: ben })).status, 404);
    assert.equal((await rig.call("DELETE", `/api/v1/tokens/${id}`, { as: anna })).status, 204);
    assert.equal((await rig.call("GET", "/api/v1/devices", { headers: { authorization } })).status, 401);
  });

  it("do not pass as cookies, nor sessions as tokens", async () => {
    await using rig = await startRig();
    const anna = await rig.person({ name: "Anna", administrator: true });
    const session = anna.cookie.split("=")[1] ?? "";
    const { secret } = await rig.identity.credentials.makeToken(anna.id, { name: "t", grants: everything });
    const attempts = [
      { cookie: `doorward=${secret}` },
      { authorization: `Bearer ${session}` },
      { authorization: `Basic ${session}` },
      { cookie: anna.cookie.replace("doorward=", "__Host-doorward=") },
      { cookie: anna.cookie, authorization: "Bearer wrong" },
    ];
    for (const headers of attempts) {
      assert.equal(
        (await rig.call("GET", "/api/v1/devices", { headers: headers as Record<string, string> })).status,
        401,
      );
    }
  });
});
