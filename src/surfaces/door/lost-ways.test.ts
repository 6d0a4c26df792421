import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { endLostWays } from "./lost-ways.ts";

test("ends who says nothing and acknowledges nothing; who speaks, or acknowledges, stays and is not looked at in vain", async () => {
  const clock = new ManualClock();
  const ended: string[] = [];
  const again = new Map<number, number>([
    [1, 6],
    [2, 5],
    [3, 9],
  ]);
  const peer = (remotePort: number) => ({
    heardUs: clock.nowUs(),
    address: "10.0.0.1",
    ends: { localPort: 8765, remoteAddress: "10.0.0.1", remotePort },
    lost: () => ended.push(`${remotePort}`),
  });
  const peers = [peer(1), peer(2), peer(3)];
  let reads = 0;
  const read = async () => {
    reads++;
    return ({ remotePort }: { readonly remotePort: number }) => again.get(remotePort) ?? 0;
  };
  using _watch = endLostWays({ connections: () => peers, clock, log: silentLog, read });
  await clock.advance(5000);
  assert.equal(reads, 0);
  if (peers[2]) peers[2].heardUs = clock.nowUs();
  await clock.advance(5000);
  assert.deepEqual([reads, ended], [1, ["1"]]);
});
