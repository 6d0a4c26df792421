import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { FatalError } from "../util/errors.ts";
import { Audit } from "./audit.ts";
import { Credentials } from "./credentials.ts";
import { rights } from "./policy.ts";
import { refuseIf, statement } from "./statement.ts";
import { openStore, putStatement } from "./store.ts";
import { migrations } from "./store-schema.ts";

function tempFile(): { readonly path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "doorward-store-"));
  return {
    path: join(folder, "hub.sqlite"),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

for (const writer of ["direct", "thread"] as const) {
  describe(`store, written on the ${writer === "direct" ? "calling thread" : "thread of its own"}`, () => {
    it("is a file for its owner only, with a write-ahead log and full synchronisation", async () => {
      using file = tempFile();
      await using store = openStore({ ...file, writer });
      await store.put("a", "1", 1);
      assert.equal(statSync(file.path).mode & 0o777, 0o600);
      assert.equal(store.one("PRAGMA journal_mode")?.["journal_mode"], "wal");
      assert.equal(store.one("PRAGMA synchronous")?.["synchronous"], 2);
      assert.equal(store.one("PRAGMA foreign_keys")?.["foreign_keys"], 1);
    });

    it("writes nothing of what is remembered as it is kept", async () => {
      using file = tempFile();
      await using store = openStore({ ...file, writer });
      const remember = async (...values: readonly unknown[]) => {
        for (const value of values) store.remember("bells", "kept", value);
        await store.settled();
        return [store.get("bells", "kept"), store.health.commits];
      };
      assert.deepEqual(await remember(["front"]), [["front"], 1]);
      assert.deepEqual(await remember(["front"]), [["front"], 1]);
      assert.deepEqual((await remember(["yard"], ["front"]))[0], ["front"]);
    });

    it("reads what was written, at once and when opened again", async () => {
      using file = tempFile();
      {
        await using store = openStore({ ...file, writer });
        await store.put("camera", "front", { profile: 2 });
        assert.deepEqual(store.get("camera", "front"), { profile: 2 });
      }
      await using store = openStore({ ...file, writer });
      assert.deepEqual(store.get("camera", "front"), { profile: 2 });
      await store.drop("camera", "front");
      assert.equal(store.get("camera", "front"), undefined);
    });

    it("keeps all of a change or nothing, and tells why it was refused", async () => {
      using file = tempFile();
      await using store = openStore({ ...file, writer });
      const wrong = store.write(putStatement("a", "1", 1), statement("INSERT INTO nowhere VALUES (1)"));
      await assert.rejects(wrong, /statement failed: no such table: nowhere/);
      assert.equal(store.get("a", "1"), undefined);
      const taken = refuseIf({ code: "taken", message: "it is taken" }, "SELECT 1 FROM kept WHERE kind = 'a'");
      assert.deepEqual(await store.write(taken, putStatement("a", "1", 1)), [0, 1]);
      await assert.rejects(store.write(putStatement("a", "2", 2), taken), { code: "taken", message: "it is taken" });
      assert.equal(store.get("a", "2"), undefined);
    });

    it("keeps the others of a batch when one is refused", async () => {
      using file = tempFile();
      await using store = openStore({ ...file, writer });
      const never = refuseIf({ code: "never", message: "never" }, "SELECT 1");
      const all = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) =>
          n % 3 === 0 ? store.write(putStatement("n", `${n}`, n), never) : store.put("n", `${n}`, n),
        ),
      );
      for (const [n, { status }] of all.entries()) {
        assert.equal(status, n % 3 === 0 ? "rejected" : "fulfilled");
        assert.equal(store.get("n", `${n}`), n % 3 === 0 ? undefined : n);
      }
    });

    it("writes notes before it ends", async () => {
      using file = tempFile();
      {
        await using store = openStore({ ...file, writer });
        for (let n = 0; n < 2000; n++) store.note([putStatement("note", `${n}`, n)]);
      }
      await using store = openStore({ ...file, writer });
      assert.equal(store.one("SELECT count(*) AS n FROM kept")?.["n"], 2000);
    });

    it("notices what changes people's rights, by whomever, and no bookkeeping", async () => {
      using file = tempFile();
      await using own = openStore({ ...file, writer });
      await using other = openStore(file);
      const person = (id: string) => statement("INSERT INTO users VALUES (?, ?, NULL, 1, 0)", id, id);
      const before = own.identityVersion;
      await own.put("a", "1", 1);
      assert.equal(own.identityVersion, before);
      await other.write(person("anna"));
      const between = own.identityVersion;
      assert.notEqual(between, before);
      await own.write(person("ben"));
      assert.notEqual(own.identityVersion, between);
    });
  });
}

describe("opening the store", () => {
  it("refuses a file of a newer version, one whose version was reset, and one that is no database", () => {
    using file = tempFile();
    const refused = (message: RegExp) =>
      assert.throws(
        () => openStore(file),
        (error: FatalError) => {
          assert.equal(error.name, FatalError.name);
          assert.equal(error.code, "store");
          assert.match(error.message, message);
          assert.ok(error.message.includes(file.path));
          return true;
        },
      );
    {
      using newer = new DatabaseSync(file.path);
      newer.exec("PRAGMA user_version = 99");
    }
    refused(/of a newer Doorward.*version 99, known \d+.*start that version/);
    {
      using reset = new DatabaseSync(file.path);
      reset.exec("PRAGMA user_version = 0; CREATE TABLE users (id)");
    }
    refused(/has tables but no version.*put back a copy/);
    {
      using other = new DatabaseSync(file.path);
      other.exec("PRAGMA user_version = 1");
    }
    refused(/cannot be brought to version \d+.*put back a copy/);
    writeFileSync(file.path, "x".repeat(10_000));
    refused(/is damaged.*put back a copy/);
    assert.throws(() => openStore({ path: "/proc/nowhere/hub.sqlite" }), { code: "store", message: /may this user/ });
  });

  it("leaves a copy of an older database before it changes its tables", async () => {
    using file = tempFile();
    {
      using old = new DatabaseSync(file.path);
      old.exec(`${migrations[0]}; PRAGMA user_version = 1; INSERT INTO users VALUES ('a', 'Anna', NULL, 1, 0)`);
    }
    await using store = openStore(file);
    assert.equal(store.one("SELECT name FROM users")?.["name"], "Anna");
    const copy = `${file.path}.before-${migrations.length}`;
    assert.equal(statSync(copy).mode & 0o777, 0o600);
    using before = new DatabaseSync(copy, { readOnly: true });
    assert.equal(before.prepare("PRAGMA user_version").get()?.["user_version"], 1);
    assert.equal(before.prepare("SELECT name FROM users").get()?.["name"], "Anna");
    assert.ok(!existsSync(`${copy}.new`));
  });

  it("bounds a kept value", async () => {
    await using store = openStore({ path: ":memory:" });
    await assert.rejects(store.put("a", "1", "x".repeat(70_000)), RangeError);
  });
});

describe("a database from before tokens carried rights", () => {
  it("keeps its tokens, with what their person may, and says old audit lines in today's words", async () => {
    using file = tempFile();
    {
      using old = new DatabaseSync(file.path);
      old.exec(`${migrations[0]}; PRAGMA user_version = 1`);
      old.exec("INSERT INTO users VALUES ('1', 'Anna', NULL, 0, 0)");
      old.exec("INSERT INTO tokens VALUES ('t', x'00', '1', 'Home', 0, NULL, NULL)");
      old.exec(
        "INSERT INTO audit (at_ms, actor, action, subject, detail) VALUES (0, 'command line', 'token-add', 'Anna', 'Home')",
      );
    }
    await using store = openStore(file);
    const [token] = new Credentials({ store, clock: new ManualClock() }).tokens("1");
    // A right that came later is given by hand.
    assert.deepEqual(token?.grants, [
      { scope: "*", rights: rights.filter((right) => right !== "peek" && right !== "ptz") },
    ]);
    const [entry] = new Audit({ store, clock: new ManualClock() }).list();
    assert.deepEqual([entry?.action, entry?.subject, entry?.detail], ["token-made", "Home", "for Anna"]);
  });
});

describe("store, written beside media", () => {
  it("starts its thread for what somebody waits for, and not for notes", async (t) => {
    if (process.platform !== "linux") return t.skip("threads are counted in /proc");
    using file = tempFile();
    await using store = openStore({ ...file, writer: "thread" });
    const threads = () => readdirSync("/proc/self/task").length;
    const before = threads();
    store.note([putStatement("seen", "anna", 1)]);
    await store.settled();
    assert.deepEqual([store.get("seen", "anna"), threads()], [1, before]);
    await store.put("a", "1", 1);
    assert.ok(threads() > before);
    return undefined;
  });
});
