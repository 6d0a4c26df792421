import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLog } from "../util/log.ts";
import { openStore } from "./store.ts";
import { WallLayouts, wallLayoutChangeSchema } from "./wall-layouts.ts";

const untouched = { order: [], favourites: [], headings: "auto" };

describe("how people arranged their walls", () => {
  it("is untouched at first, changes part by part, and is told of", async () => {
    await using store = openStore({ path: ":memory:" });
    const walls = new WallLayouts({ store, log: silentLog });
    const told: string[] = [];
    using _told = walls.onChange((person) => told.push(person));
    assert.deepEqual(walls.of("anna"), untouched);
    await walls.change("anna", { order: ["yard", "door"] });
    await walls.change("anna", { favourites: ["door"], headings: undefined });
    assert.deepEqual(walls.of("anna"), { order: ["yard", "door"], favourites: ["door"], headings: "auto" });
    assert.deepEqual(walls.of("ben"), untouched);
    assert.deepEqual(told, ["anna", "anna"]);
  });

  it("keeps what two pages change at once", async () => {
    await using store = openStore({ path: ":memory:" });
    const walls = new WallLayouts({ store, log: silentLog });
    await Promise.all([walls.change("anna", { order: ["yard"] }), walls.change("anna", { headings: "on" })]);
    assert.deepEqual(walls.of("anna"), { order: ["yard"], favourites: [], headings: "on" });
  });

  it("is untouched where what was kept makes no sense", async () => {
    await using store = openStore({ path: ":memory:" });
    await store.put("wall", "anna", { order: "all of them" });
    assert.deepEqual(new WallLayouts({ store, log: silentLog }).of("anna"), untouched);
  });

  it("names no device twice, and not more than can be kept", async () => {
    const may = (change: unknown) => wallLayoutChangeSchema.safeParse(change).success;
    const ids = (count: number) => Array.from({ length: count }, (_, n) => `${"x".repeat(59)}-${1000 + n}`);
    assert.deepEqual(
      [may({ order: ["a", "a"] }), may({ order: ids(513) }), may({ favourites: ids(129) }), may({ theme: "dark" })],
      [false, false, false, false],
    );
    await using store = openStore({ path: ":memory:" });
    const walls = new WallLayouts({ store, log: silentLog });
    await walls.change("anna", wallLayoutChangeSchema.parse({ order: ids(512), favourites: ids(128) }));
    assert.equal(walls.of("anna").order.length, 512);
  });
});
