import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { clip, runDriver } from "../../../test/rtsp.ts";
import { RecoverableError } from "../../util/errors.ts";
import { startFakeRtsp } from "./fake.ts";

test("100 reboots: one connection each time, nothing left behind", async () => {
  await using fake = await startFakeRtsp({ video: { ...clip(), frameRate: 1000 } });
  const before = held();
  let afterTen = 0;
  for (let n = 1; n <= 100; n++) {
    await using running = runDriver({ address: fake.address, backchannel: "off" });
    await running.device.until(() => running.device.readyCount > 0);
    assert.equal(fake.counters.connections, n);
    assert.equal(fake.open, 1);
    await fake.reboot();
    const error = await running.ended;
    assert.ok(error instanceof RecoverableError);
    fake.requests.length = 0;
    if (n === 10) afterTen = await memory();
  }
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(held(), before);
  const grownBytes = (await memory()) - afterTen;
  assert.ok(grownBytes < 3 * 1024 * 1024, `${grownBytes} bytes more after 90 reboots`);
});

test("20 reboots while the camera is being asked for its speaker leave nothing behind", async () => {
  await using fake = await startFakeRtsp({ video: { ...clip(), frameRate: 1000 } });
  for (let n = 1; n <= 20; n++) {
    await using running = runDriver({ address: fake.address });
    await running.device.until(() => running.device.readyCount > 0);
    await fake.reboot();
    assert.ok((await running.ended) instanceof RecoverableError);
  }
  await fake.until(() => fake.open === 0);
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(held(), ["TCPServerWrap"]); // the fake's own
});

/** What would keep the process alive. */
function held(): string[] {
  const kinds = ["TCPSocketWrap", "UDPWrap", "TLSWrap", "Timeout", "TCPServerWrap"];
  return process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind));
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes on the heap; finalizers run between the two collections. */
async function memory(): Promise<number> {
  collect();
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  return process.memoryUsage().heapUsed;
}
