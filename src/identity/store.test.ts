import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { FatalError } from "../util/errors.ts";
import { openStore } from "./store.ts";

function tempFile(): { readonly path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "doorward-store-"));
  return {
    path: join(folder, "hub.sqlite"),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

describe("store", () => {
  it("is a file for its owner only, with a write-ahead log and full synchronisation", () => {
    using file = tempFile();
    using store = openStore(file);
    assert.equal(statSync(file.path).mode & 0o777, 0o600);
    assert.equal(store.one("PRAGMA journal_mode")?.["journal_mode"], "wal");
    assert.equal(store.one("PRAGMA synchronous")?.["synchronous"], 2);
    assert.equal(store.one("PRAGMA foreign_keys")?.["foreign_keys"], 1);
  });

  it("keeps what was written when opened again", () => {
    using file = tempFile();
    {
      using store = openStore(file);
      store.put("camera", "front", { profile: 2 });
    }
    using store = openStore(file);
    assert.deepEqual(store.get("camera", "front"), { profile: 2 });
    store.drop("camera", "front");
    assert.equal(store.get("camera", "front"), undefined);
  });

  it("keeps all of a transaction or nothing", () => {
    using store = openStore({ path: ":memory:" });
    assert.throws(() =>
      store.transaction(() => {
        store.put("a", "1", 1);
        throw new Error("power cut");
      }),
    );
    assert.equal(store.get("a", "1"), undefined);
    assert.equal(
      store.transaction(() => {
        store.put("a", "1", 1);
        return "kept";
      }),
      "kept",
    );
    assert.equal(store.get("a", "1"), 1);
  });

  it("refuses a file of a newer version, and a file that is no database", () => {
    using file = tempFile();
    {
      using newer = new DatabaseSync(file.path);
      newer.exec("PRAGMA user_version = 99");
    }
    assert.throws(() => openStore(file), { name: FatalError.name, code: "store" });
    assert.throws(() => openStore({ path: "/proc/nowhere/hub.sqlite" }), { code: "store" });
  });

  it("notices what another process writes, and not its own writing", () => {
    using file = tempFile();
    using own = openStore(file);
    using other = openStore(file);
    const before = own.outsideVersion;
    own.put("a", "1", 1);
    assert.equal(own.outsideVersion, before);
    other.put("a", "2", 2);
    assert.notEqual(own.outsideVersion, before);
  });

  it("bounds a kept value", () => {
    using store = openStore({ path: ":memory:" });
    assert.throws(() => store.put("a", "1", "x".repeat(70_000)), RangeError);
  });
});
