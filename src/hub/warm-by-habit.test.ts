import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { type Log, silentLog } from "../util/log.ts";
import type { HubDevice } from "./api.ts";
import { WarmByHabit } from "./warm-by-habit.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Cameras that count who wants them, and a hub's memory that outlives what learns. */
function house(...ids: readonly string[]) {
  const clock = new ManualClock();
  const kept = new Map<string, unknown>();
  const there = new Set(ids);
  const wanted = new Map(ids.map((id) => [id, 0]));
  const fault = { load: false, save: false };
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_fields, message) => void warnings.push(message) };
  const settings = new Map(ids.map((id) => [id, { warmByHabit: true, enabled: true, warm: false }]));
  const change = (id: string, by: number) => wanted.set(id, (wanted.get(id) ?? 0) + by);
  const device = (id: string) =>
    ({
      id,
      settings: settings.get(id),
      demand: () => {
        change(id, 1);
        return { [Symbol.dispose]: () => change(id, -1) };
      },
    }) as unknown as HubDevice;
  const start = () =>
    new WarmByHabit({
      devices: () => [...there].map(device),
      store: {
        load: (id) => {
          if (fault.load) throw new Error("disk I/O error");
          return kept.get(id);
        },
        save: (id, value) => {
          if (fault.save) throw new Error("disk full");
          if (value === undefined) kept.delete(id);
          else kept.set(id, structuredClone(value));
        },
      },
      timeZone: () => "UTC",
      clock,
      log,
    });
  const warm = () => [...wanted].filter(([, count]) => count > 0).map(([id]) => id);
  /** Goes on to the next time that the clock on the wall shows so many hours. */
  const until = (hour: number) => {
    const nowMs = clock.wallMs() % dayMs;
    return clock.advance((hour * hourMs - nowMs + dayMs) % dayMs || dayMs);
  };
  return { clock, settings, there, start, warm, until, kept, fault, warnings };
}

describe("cameras that people usually open", () => {
  it("are connected from shortly before that hour until it is over", async () => {
    const { start, warm, until } = house("yard", "door");
    using habits = start();
    for (let day = 0; day < 2; day++) {
      await until(7.5);
      habits.opened("yard");
    }
    await until(6.9);
    assert.deepEqual(warm(), [], "six minutes before");
    await until(6.95);
    assert.deepEqual(warm(), ["yard"]);
    await until(7.9);
    assert.deepEqual(warm(), ["yard"]);
    await until(8.1);
    assert.deepEqual(warm(), []);
  });

  it("are the most usual ones, as many as the configuration allows, and none of those that are not to be", async () => {
    const { start, warm, until, settings } = house("a", "b", "c", "d");
    using habits = start();
    const openings = { a: 2, b: 5, c: 4, d: 5 };
    for (let day = 5; day > 0; day--) {
      await until(7.5);
      for (const [id, days] of Object.entries(openings)) if (days >= day) habits.opened(id);
    }
    settings.set("d", { warmByHabit: false, enabled: true, warm: false });
    habits.follow({ cameras: 2 });
    assert.deepEqual(warm(), ["b", "c"]);
    habits.follow({ cameras: 0 });
    assert.deepEqual(warm(), []);
    habits.follow({ cameras: 9 });
    assert.deepEqual(warm(), ["a", "b", "c"]);
  });

  it("are known after a restart, and forgotten with the camera", async () => {
    const { clock, start, there, warm, until, kept } = house("yard");
    {
      using before = start();
      for (let day = 0; day < 3; day++) {
        await until(7.5);
        before.opened("yard");
      }
    }
    assert.deepEqual(warm(), []);
    using after = start();
    after.follow({ cameras: 1 });
    assert.deepEqual(warm(), ["yard"]);
    after.removed("yard");
    assert.deepEqual(warm(), []);
    await clock.advance(60_000);
    assert.deepEqual([warm(), kept.size], [["yard"], 1], "it was set up anew");
    there.delete("yard");
    after.removed("yard");
    await clock.advance(60_000);
    assert.deepEqual([warm(), kept.size], [[], 0]);
  });

  it("are as if unknown while the store cannot be read, told once, and known again afterwards", async () => {
    const { clock, start, warm, until, kept, fault, warnings } = house("yard");
    {
      using before = start();
      for (let day = 0; day < 3; day++) {
        await until(7.5);
        before.opened("yard");
      }
    }
    const learnt = structuredClone(kept.get("yard"));
    fault.load = true;
    using after = start();
    after.opened("yard");
    await clock.advance(60_000);
    await clock.advance(60_000);
    assert.deepEqual([warm(), kept.get("yard"), warnings.length], [[], learnt, 1]);
    fault.load = false;
    await clock.advance(60_000);
    assert.deepEqual(warm(), ["yard"], "it went on looking");
  });

  it("are learnt for now when they cannot be kept, and nobody who opens one is refused", async () => {
    const { start, until, fault, warnings } = house("yard");
    using habits = start();
    await until(7.5);
    fault.save = true;
    habits.opened("yard");
    assert.equal(warnings.length, 1);
  });
});
