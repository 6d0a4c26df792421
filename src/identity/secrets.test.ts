import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { isName, toName } from "../util/name.ts";
import { Audit, auditLimit } from "./audit.ts";
import { openIdentity } from "./identity.ts";
import { isSealed, openSealer } from "./seal.ts";
import { SetupCode, setupCodeLifeMs } from "./setup-code.ts";
import { statement } from "./statement.ts";
import { openStore } from "./store.ts";

function tempDir(): { readonly dataDir: string } & Disposable {
  const dataDir = mkdtempSync(join(tmpdir(), "doorward-secrets-"));
  return { dataDir, [Symbol.dispose]: () => rmSync(dataDir, { recursive: true, force: true }) };
}

describe("sealed secrets", () => {
  it("open again, also after a restart, under a key that only its owner reads", () => {
    using dir = tempDir();
    const sealed = openSealer(dir).seal("hunter2", { purpose: "device-password" });
    assert.ok(isSealed(sealed) && !sealed.includes("hunter2"));
    assert.equal(openSealer(dir).open(sealed, { purpose: "device-password" }), "hunter2");
    assert.equal(statSync(join(dir.dataDir, "key")).mode & 0o777, 0o600);
    assert.notEqual(sealed, openSealer(dir).seal("hunter2", { purpose: "device-password" }));
  });

  it("do not open for another purpose, with another key, or changed", () => {
    using dir = tempDir();
    using other = tempDir();
    const sealer = openSealer(dir);
    const sealed = sealer.seal("hunter2", { purpose: "a" });
    assert.throws(() => sealer.open(sealed, { purpose: "b" }), { code: "seal" });
    assert.throws(() => openSealer(other).open(sealed, { purpose: "a" }), { code: "seal" });
    for (let at = 9; at < sealed.length; at++) {
      const letter = sealed[at] === "A" ? "Q" : "A";
      const changed = `${sealed.slice(0, at)}${letter}${sealed.slice(at + 1)}`;
      assert.throws(() => sealer.open(changed, { purpose: "a" }), { code: "seal" });
    }
    for (const text of ["", "plain", "sealed:1:", "sealed:1:AAAA"]) {
      assert.throws(() => sealer.open(text, { purpose: "a" }), { code: "seal" });
    }
  });

  it("take their key from the environment, if it is long enough", () => {
    using dir = tempDir();
    const key = "ab".repeat(32);
    const sealed = openSealer({ ...dir, key }).seal("x", { purpose: "p" });
    assert.equal(
      openSealer({ ...dir, key: Buffer.from(key, "hex").toString("base64") }).open(sealed, { purpose: "p" }),
      "x",
    );
    assert.throws(() => openSealer({ ...dir, key: "short" }), { code: "seal" });
  });
});

describe("the hub's key", () => {
  const purpose = "device-password";

  it("that is lost is not replaced in silence, once something was sealed with it", async () => {
    using dir = tempDir();
    const open = () => openIdentity({ ...dir, clock: new ManualClock() });
    {
      await using identity = open();
      rmSync(join(dir.dataDir, "key"));
      assert.ok(identity.sealer);
    }
    {
      await using identity = open();
      identity.sealer.seal("hunter2", { purpose });
    }
    rmSync(join(dir.dataDir, "key"));
    assert.throws(open, { code: "seal", message: /the hub's key is gone: .*key: .*doorward key new/ });
    assert.ok(!existsSync(join(dir.dataDir, "key")));
  });

  it("that is another one is told as a fault", async () => {
    using dir = tempDir();
    const open = (sealKey?: string) => openIdentity({ ...dir, clock: new ManualClock(), sealKey });
    {
      await using identity = open();
      identity.sealer.seal("hunter2", { purpose });
      assert.deepEqual(identity.faults.list(), []);
    }
    await using identity = open("a passphrase of more than thirty-two characters");
    assert.deepEqual(
      identity.faults.list().map(({ id }) => id),
      ["key"],
    );
  });

  it("file is for its owner only, whatever it was, and names itself when it is no key", () => {
    using dir = tempDir();
    openSealer(dir);
    const path = join(dir.dataDir, "key");
    chmodSync(path, 0o666);
    openSealer(dir);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    for (const text of ["", "broken"]) {
      writeFileSync(path, text);
      assert.throws(() => openSealer(dir), { code: "seal", message: new RegExp(`key file cannot be used: ${path}: `) });
    }
  });
});

describe("set-up code", () => {
  it("is void after 30 minutes, and its file goes", async () => {
    using dir = tempDir();
    const clock = new ManualClock();
    using code = new SetupCode({ clock, ...dir });
    assert.equal(readFileSync(code.path, "utf8").trim(), code.code);
    await clock.advance(setupCodeLifeMs - 1);
    assert.ok(code.matches(code.code) && code.valid);
    await clock.advance(1);
    assert.ok(!code.matches(code.code) && !code.valid);
    assert.throws(() => statSync(code.path));
    assert.equal(clock.pending, 0);
  });

  it("has 80 bits and forgives how it is typed", () => {
    using dir = tempDir();
    const clock = new ManualClock();
    using code = new SetupCode({ clock, ...dir });
    assert.equal(code.code.replaceAll("-", "").length * 5, 80);
    assert.ok(code.matches(` ${code.code.toLowerCase().replaceAll("0", "o").replaceAll("1", "l")} `));
    for (const wrong of ["", "0", code.code.slice(1), `${code.code}0`, "é".repeat(16), "x".repeat(100_000)]) {
      assert.ok(!code.matches(wrong));
    }
  });
});

describe("audit", () => {
  it("lists the newest first and pages back", async () => {
    await using store = openStore({ path: ":memory:" });
    const clock = new ManualClock();
    const audit = new Audit({ store, clock });
    for (let n = 1; n <= 5; n++) audit.record({ actor: "Anna", action: "view", subject: `camera-${n}` });
    await store.settled();
    const [first, second] = audit.list({ limit: 2 });
    assert.deepEqual([first?.subject, second?.subject], ["camera-5", "camera-4"]);
    assert.equal(audit.list({ before: second?.id ?? 0 })[0]?.subject, "camera-3");
    assert.deepEqual(first, { id: 5, atMs: clock.wallMs(), actor: "Anna", action: "view", subject: "camera-5" });
  });

  it("keeps a bounded number", async () => {
    await using store = openStore({ path: ":memory:" });
    const audit = new Audit({ store, clock: new ManualClock() });
    audit.record({ actor: "Anna", action: "first" });
    await store.write(
      statement("INSERT INTO audit (id, at_ms, actor, action) VALUES (?, 0, 'Anna', 'late')", auditLimit + 10),
    );
    for (let n = 0; n < 256; n++) audit.record({ actor: "Anna", action: "more" });
    await store.settled();
    assert.equal(store.one("SELECT min(id) AS id FROM audit")?.["id"], auditLimit + 10);
  });

  it("cuts long texts", async () => {
    await using store = openStore({ path: ":memory:" });
    const audit = new Audit({ store, clock: new ManualClock() });
    audit.record({ actor: "x".repeat(1000), action: "login-failed", detail: "y".repeat(1000) });
    await store.settled();
    const [entry] = audit.list();
    assert.equal(entry?.actor.length, 256);
    assert.equal(entry?.detail?.length, 256);
  });
});

describe("names", () => {
  it("are 1 to 64 printable characters", () => {
    for (const good of ["Front door", "Gäste-WC", "门口", "🚪", "x".repeat(64)]) assert.ok(isName(good), good);
    for (const bad of ["", " x", "x ", "a\nb", "a\u202eb", "a\u0000", "a\u200bb", "x".repeat(65)])
      assert.ok(!isName(bad), bad);
  });

  it("are made of whatever a device says", () => {
    assert.equal(toName("Fr\u0000ont\u202e\n door", { fallback: "x" }), "Front door");
    assert.equal(toName("\u0000\n", { fallback: "Camera" }), "Camera");
    assert.equal(toName("x".repeat(9999), { fallback: "" }).length, 64);
  });
});
