import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findInterface } from "./network.ts";

describe("network interfaces", () => {
  it("are found by name and by address, and missed with those there are", () => {
    assert.equal(findInterface("lo").address, "127.0.0.1");
    assert.equal(findInterface("127.0.0.7").address, "127.0.0.7");
    assert.throws(() => findInterface("wlan7"), /no network interface wlan7, but .*lo/);
  });
});
