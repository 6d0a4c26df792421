import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { openIdentity } from "./identity.ts";

describe("keys for Digest", () => {
  it("are found for the user names that they were made for, and for none that every object has", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "doorward-digest-"));
    await using _folder = { [Symbol.asyncDispose]: async () => rmSync(dataDir, { recursive: true, force: true }) };
    await using identity = await openIdentity({ dataDir, clock: new ManualClock() });
    const { digests, store } = identity;
    await store.write(digests.keep({ id: "1", secret: "dwt_a", names: ["x"] }));
    assert.equal(digests.of("x").length, 1);
    for (const name of ["constructor", "__proto__", "toString"]) assert.deepEqual(digests.of(name), []);
    await store.write(digests.keep({ id: "1", secret: "dwt_a", names: ["x", "constructor"] }));
    assert.equal(digests.of("constructor").length, 1);
  });
});
