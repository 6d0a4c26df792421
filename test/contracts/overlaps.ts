import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Driver } from "../../src/device/driver.ts";
import type { DeviceInput } from "../../src/hub/device-settings.ts";
import { Registry } from "../../src/hub/registry.ts";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import type { DriverFixture } from "./driver.ts";
import { eventually, nextFrame, open, phase } from "./rig.ts";

/** How long the fakes, and every driver, take to let go of a device in these tests. */
const letGoMs = 120;

/** Lifetimes that overlap: what every driver stands when its device lets go slowly. */
export function overlapContract(driver: Driver, start: () => Promise<DriverFixture>): void {
  describe(`driver ${driver.kind}, whose device lets go slowly`, () => {
    it("is stopped and wanted again: one run at a time, and everything works afterwards", async () => {
      await using fixture = await start();
      const { slow, runs } = slowly(driver);
      await using device = open(slow, fixture.config, { lingerMs: 0 });
      {
        using _first = device.hub.demand();
        await nextFrame(device.hub);
      }
      fixture.letGo?.(letGoMs);
      await eventually(() => runs.leaving > 0);
      using _second = device.hub.demand();
      await eventually(() => runs.begun === 2);
      await nextFrame(device.hub);
      await phase(device.hub, "live");
      if (fixture.spoken) {
        const speaker = await device.hub.waitForSpeaker({ timeoutMs: 5000 });
        assert.ok(speaker, "the speaker of the new run is there");
      }
      assert.equal(runs.most, 1);
    });

    it("is restarted, closed and wanted in any order: one run at a time, none afterwards", async () => {
      await using fixture = await start();
      const { slow, runs } = slowly(driver);
      const device = open(slow, fixture.config, { lingerMs: 0 });
      const first = device.hub.demand();
      await nextFrame(device.hub);
      fixture.letGo?.(letGoMs);
      const restarts = [device.hub.restart(), device.hub.restart()];
      first[Symbol.dispose]();
      using _second = device.hub.demand();
      await Promise.all(restarts);
      const closing = device.hub.close();
      using _third = device.hub.demand();
      await device.hub.restart();
      await closing;
      assert.deepEqual([runs.most, runs.now], [1, 0]);
    });

    it("is closed and opened again: the second finds the device as the first did", async () => {
      await using fixture = await start();
      const { slow, runs } = slowly(driver);
      for (let turn = 0; turn < 2; turn++) {
        await using device = open(slow, fixture.config);
        using _demand = device.hub.demand();
        await nextFrame(device.hub);
        fixture.letGo?.(letGoMs);
      }
      assert.deepEqual([runs.most, runs.now], [1, 0]);
      await eventually(() => fixture.connections() === 0);
    });

    it("gets new configurations in a row: the last one runs, alone", async () => {
      await using fixture = await start();
      const { slow, runs } = slowly(driver);
      const { address, ...options } = fixture.config as { address: string };
      const input = (name: string, changed: boolean): ReadonlyMap<string, DeviceInput> => {
        const own = { driver: driver.kind, warm: true, options };
        // Another spelling of the same address: the connection has to be made again.
        const spelled = changed ? address.replace("127.0.0.1", "localhost") : address;
        return new Map([["a", { ...own, name, address: spelled }]]);
      };
      const registry = new Registry({
        drivers: [slow],
        clock: systemClock,
        log: silentLog,
        book: { save: async () => {} },
        seal: (text) => text,
        unseal: (text) => text,
      });
      try {
        assert.deepEqual(await registry.apply(input("one", false)), []);
        await nextFrame(registry.get("a")!);
        fixture.letGo?.(letGoMs);
        await Promise.all([registry.apply(input("two", true)), registry.apply(input("three", false))]);
        assert.equal(registry.get("a")?.name, "three");
        await nextFrame(registry.get("a")!);
      } finally {
        await registry[Symbol.asyncDispose]();
      }
      assert.deepEqual([runs.most, runs.now], [1, 0]);
    });

    it("is stopped while it opens the device, at whatever moment, and leaves nothing open", async () => {
      await using fixture = await start();
      const { slow, runs } = slowly(driver, { letGoMs: 0 });
      await using device = open(slow, fixture.config, { lingerMs: 0 });
      for (const turns of [0, 1, 2, 3, 5, 8, 13, 21]) {
        {
          using _demand = device.hub.demand();
          for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
        }
        await phase(device.hub, "idle");
        assert.equal(runs.now, 0);
        await eventually(() => fixture.connections() === 0);
      }
      using _demand = device.hub.demand();
      await nextFrame(device.hub);
      assert.equal(runs.most, 1);
    });
  });
}

/** The same driver, slow to let go, whose runs are counted. */
function slowly(driver: Driver, options: { readonly letGoMs: number } = { letGoMs }) {
  const runs = { begun: 0, now: 0, most: 0, leaving: 0 };
  const slow: Driver = {
    ...driver,
    run: async (device, config) => {
      runs.begun++;
      runs.most = Math.max(runs.most, ++runs.now);
      const leave = () => runs.leaving++;
      device.signal.addEventListener("abort", leave, { once: true });
      try {
        await driver.run(device, config);
        await systemClock.sleep(options.letGoMs);
      } finally {
        runs.now--;
      }
    },
  };
  return { slow, runs };
}
