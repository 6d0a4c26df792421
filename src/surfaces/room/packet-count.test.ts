import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore } from "../../identity/store.ts";
import { ManualClock } from "../../util/clock.ts";
import { firstPacket, keepPacketCount } from "./packet-count.ts";

test("the count of packets is ahead of what was sent, and is written only when something was", async () => {
  const clock = new ManualClock();
  await using store = openStore({ path: ":memory:", clock });
  let count = 7;
  const written = async (ms: number) => {
    await clock.advance(ms);
    await store.settled();
    return store.health.commits;
  };
  {
    using _count = keepPacketCount({ store, count: () => count, clock });
    assert.equal(await written(1000), 1);
    assert.equal(firstPacket(store), 7 + 6000);
    assert.equal(await written(600_000), 1);
    count = 3000;
    assert.equal(await written(60_000), 2);
    assert.equal(firstPacket(store), 9000);
  }
  await store.settled();
  assert.equal(firstPacket(store), 3001);
});
