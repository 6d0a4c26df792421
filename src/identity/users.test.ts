import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { credentialLimit, sessionIdleMs, sessionLifeMs } from "./credentials.ts";
import { type Identity, openIdentity } from "./identity.ts";
import { rights } from "./policy.ts";

const passwordCost = { N: 16, r: 1, p: 1 };
const hourMs = 60 * 60 * 1000;

/** An identity in memory, or in a file that another process could open too. */
function open(options: { readonly inFile?: boolean; readonly startMs?: number } = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), "doorward-identity-"));
  const clock = new ManualClock(options.startMs);
  const databasePath = options.inFile ? join(dataDir, "doorward.sqlite") : ":memory:";
  const identity = openIdentity({ dataDir, clock, databasePath, passwordCost });
  return {
    clock,
    dataDir,
    identity,
    another: (more: { readonly setupCode?: false } = {}) =>
      openIdentity({ dataDir, clock, databasePath, passwordCost, ...more }),
    [Symbol.asyncDispose]: async () => {
      await identity[Symbol.asyncDispose]();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const everything = [{ scope: "*", rights: [...rights] }];
const viewer = { administrator: false, grants: [{ scope: "*", rights: ["view" as const] }] };

async function signIn(identity: Identity, name = "Anna") {
  const user = await identity.users.create({ name, password: "correct horse", ...viewer });
  const { secret } = await identity.credentials.openSession(user.id);
  const principal = identity.credentials.find(secret);
  assert.ok(principal);
  return { user, secret, principal };
}

describe("people", () => {
  it("sign in by name, in whatever case, and password", async () => {
    await using rig = open();
    const { users } = rig.identity;
    await users.create({ name: "Anna", password: "correct horse", ...viewer });
    assert.equal((await users.verify("anna", "correct horse"))?.name, "Anna");
    assert.equal(await users.verify("Anna", "wrong"), undefined);
    assert.equal(await users.verify("Eve", "correct horse"), undefined);
    await users.create({ name: "Bot", ...viewer });
    assert.equal(await users.verify("Bot", ""), undefined);
  });

  it("have names of their own", async () => {
    await using rig = open();
    const { users } = rig.identity;
    const anna = await users.create({ name: "Anna", ...viewer });
    const ben = await users.create({ name: "Ben", ...viewer });
    await assert.rejects(users.create({ name: "ANNA", ...viewer }), { code: "name-taken" });
    await assert.rejects(users.update(ben.id, { name: "anna" }), { code: "name-taken" });
    assert.equal((await users.update(anna.id, { name: "anna" })).name, "anna");
  });

  it("always keep one administrator among them", async () => {
    await using rig = open();
    const { users } = rig.identity;
    const anna = await users.createFirst({ name: "Anna", password: "correct horse" });
    await assert.rejects(users.update(anna.id, { administrator: false }), { code: "last-administrator" });
    await assert.rejects(users.remove(anna.id), { code: "last-administrator" });
    const ben = await users.create({ name: "Ben", administrator: true, grants: [] });
    await users.update(anna.id, { administrator: false });
    await assert.rejects(users.remove(ben.id), { code: "last-administrator" });
    await assert.rejects(users.createFirst({ name: "Eve", password: "correct horse" }), { code: "setup-done" });
  });

  it("keep only hashes in the database", async () => {
    await using rig = open({ inFile: true });
    const { secret } = await signIn(rig.identity);
    const rows = JSON.stringify(
      ["users", "sessions", "tokens"].map((table) => rig.identity.store.read(`SELECT * FROM ${table}`)),
    );
    assert.ok(!rows.includes("correct horse") && !rows.includes(secret) && !rows.includes(secret.slice(4)));
    assert.equal(Buffer.from(secret.slice(4), "base64url").length, 32);
    assert.equal(statSync(join(rig.dataDir, "doorward.sqlite")).mode & 0o777, 0o600);
  });
});

describe("a tool beside the running hub", () => {
  it("leaves the hub's set-up code alone, and its first administrator ends the set-up", async () => {
    await using rig = open({ inFile: true });
    const path = rig.identity.setupCode?.path ?? "";
    {
      await using tool = rig.another({ setupCode: false });
      assert.equal(tool.setupCode, undefined);
      await tool.users.create({ name: "Anna", administrator: true, grants: [] });
    }
    assert.equal(readFileSync(path, "utf8").trim(), rig.identity.setupCode?.code);
    assert.equal(rig.identity.users.hasAdministrator, true);
  });
});

describe("sessions and tokens", () => {
  it("a session ends after 12 hours without a request", async () => {
    await using rig = open();
    const { secret } = await signIn(rig.identity);
    await rig.clock.advance(sessionIdleMs - hourMs);
    assert.ok(rig.identity.credentials.find(secret));
    await rig.clock.advance(sessionIdleMs - hourMs);
    assert.ok(rig.identity.credentials.find(secret));
    await rig.clock.advance(sessionIdleMs);
    assert.equal(rig.identity.credentials.find(secret), undefined);
  });

  it("and after 30 days in any case", async () => {
    await using rig = open();
    const { secret } = await signIn(rig.identity);
    for (let ms = 0; ms < sessionLifeMs - 11 * hourMs; ms += 11 * hourMs) {
      assert.ok(rig.identity.credentials.find(secret), `after ${ms / hourMs} h`);
      await rig.clock.advance(11 * hourMs);
    }
    await rig.clock.advance(11 * hourMs);
    assert.equal(rig.identity.credentials.find(secret), undefined);
  });

  it("a token ends when it was told to, and when it is revoked", async () => {
    await using rig = open();
    const { user } = await signIn(rig.identity);
    const { credentials, users } = rig.identity;
    const short = await credentials.makeToken(user.id, {
      name: "short",
      grants: everything,
      expiresMs: rig.clock.wallMs() + hourMs,
    });
    const long = await credentials.makeToken(user.id, { name: "long", grants: everything });
    await rig.clock.advance(hourMs);
    assert.equal(credentials.find(short.secret), undefined);
    assert.equal(credentials.find(long.secret)?.via, "token");
    assert.equal((await users.endCredential({ userId: "somebody else", via: "token", id: long.id })).found, false);
    assert.equal((await users.endCredential({ userId: user.id, via: "token", id: long.id })).found, true);
    assert.equal(credentials.find(long.secret), undefined);
    credentials.sweep();
    await rig.identity.store.settled();
    assert.equal(credentials.tokens(user.id).length, 0);
  });

  it("are bounded for one person: the oldest session goes, one token too many is refused", async () => {
    await using rig = open();
    const { user, secret } = await signIn(rig.identity);
    for (let n = 0; n < credentialLimit; n++) {
      await rig.clock.advance(1);
      await rig.identity.credentials.openSession(user.id);
      await rig.identity.credentials.makeToken(user.id, { name: `t${n}`, grants: everything });
    }
    assert.equal(rig.identity.credentials.find(secret), undefined);
    await assert.rejects(rig.identity.credentials.makeToken(user.id, { name: "more", grants: everything }), {
      code: "too-many-tokens",
    });
  });

  it("a session made before the clock was right goes on as if it had been, for its usual time", async () => {
    for (const wrong of [5_000, 1_800_000_000_000 + 8760 * hourMs]) {
      await using rig = open({ startMs: wrong });
      const { clock, identity } = rig;
      const { secret } = await signIn(identity);
      await clock.advance(90_000);
      assert.ok(identity.credentials.find(secret), "while the clock is wrong");
      clock.setWallMs(1_800_000_000_000);
      assert.ok(identity.credentials.find(secret), "at the moment when it is set");
      identity.credentials.sweep();
      await identity.store.settled();
      await clock.advance(sessionIdleMs - hourMs);
      assert.ok(identity.credentials.find(secret), "as long as usual");
      await clock.advance(sessionIdleMs + hourMs);
      assert.equal(identity.credentials.find(secret), undefined, "and no longer");
    }
  });

  it("time that the machine slept is time", async () => {
    await using rig = open();
    const { secret } = await signIn(rig.identity);
    rig.clock.setWallMs(rig.clock.wallMs() + sessionIdleMs);
    assert.equal(rig.identity.credentials.find(secret), undefined);
  });

  it("nonsense is nobody", async () => {
    await using rig = open();
    const { secret } = await signIn(rig.identity);
    for (const wrong of ["", "dws_", secret.slice(4), `dwt_${secret.slice(4)}`, `${secret}x`, "x".repeat(1000)]) {
      assert.equal(rig.identity.credentials.find(wrong), undefined);
    }
  });
});

describe("attachments", () => {
  it("are closed at once when the session ends, the person goes, or their rights change", async () => {
    await using rig = open();
    const { users, attachments } = rig.identity;
    await users.createFirst({ name: "Root", password: "correct horse" });
    const said: string[] = [];
    const attach = async (name: string) => {
      const person = await signIn(rig.identity, name);
      attachments.attach(person.principal, (reason) => said.push(`${name} ${reason}`));
      return person;
    };
    const [anna, ben, cleo, dora] = [
      await attach("Anna"),
      await attach("Ben"),
      await attach("Cleo"),
      await attach("Dora"),
    ];
    await users.endCredential({ userId: anna.user.id, via: "session", id: anna.principal.credentialId });
    await users.remove(ben.user.id);
    await users.update(cleo.user.id, { grants: [] });
    await users.update(dora.user.id, { password: "another word" });
    assert.deepEqual(said, ["Anna signed-out", "Ben removed", "Cleo rights-changed", "Dora signed-out"]);
    assert.equal(attachments.size, 0);
  });

  it("stay when something else changes", async () => {
    await using rig = open();
    const { users, attachments } = rig.identity;
    const anna = await signIn(rig.identity, "Anna");
    let ended = 0;
    using _attached = attachments.attach(anna.principal, () => ended++);
    await signIn(rig.identity, "Ben");
    await users.update(anna.user.id, { name: "Annie" });
    await rig.identity.credentials.makeToken(anna.user.id, { name: "t", grants: everything });
    await rig.clock.advance(5000);
    assert.equal(ended, 0);
  });

  it("are closed within half a second when another process changes the database", async () => {
    await using rig = open({ inFile: true });
    const anna = await signIn(rig.identity);
    let reason = "";
    using _attached = rig.identity.attachments.attach(anna.principal, (why) => {
      reason = why;
    });
    await using other = rig.another();
    await other.users.update(anna.user.id, { grants: [{ scope: "*", rights: ["talk"] }] });
    assert.equal(reason, "");
    await rig.clock.advance(500);
    assert.equal(reason, "rights-changed");
    assert.equal(rig.identity.policy.allows(anna.principal, "view", { id: "x" }), false);
  });

  it("keep a session alive that only watches, but not beyond 30 days", async () => {
    await using rig = open();
    const anna = await signIn(rig.identity);
    let endedAtMs: number | undefined;
    const startMs = rig.clock.wallMs();
    using _attached = rig.identity.attachments.attach(anna.principal, () => {
      endedAtMs = rig.clock.wallMs() - startMs;
    });
    await rig.clock.advance(13 * hourMs);
    assert.equal(endedAtMs, undefined);
    assert.ok(rig.identity.credentials.isAlive(anna.principal));
  });

  it("of somebody who is gone are refused before they begin", async () => {
    await using rig = open();
    const anna = await signIn(rig.identity);
    await rig.identity.users.remove(anna.user.id);
    let ended = 0;
    rig.identity.attachments.attach(anna.principal, () => ended++);
    assert.equal(ended, 1);
  });
});
