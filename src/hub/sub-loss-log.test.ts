import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { RecoverableError } from "../util/errors.ts";
import { type Log, silentLog } from "../util/log.ts";
import type { DeviceState } from "./state.ts";
import { SubLossLog } from "./sub-loss-log.ts";

const error = { code: "unreachable", message: "no route", atMs: 0 };
const states = {
  live: { phase: "live", sinceMs: 0 },
  idle: { phase: "idle", sinceMs: 0 },
  lost: { phase: "trouble", sinceMs: 0, error },
} as const satisfies Record<string, DeviceState>;

function notes(large: DeviceState) {
  const lines: string[] = [];
  const line = (level: string) => (_: object, message: string) => void lines.push(`${level} ${message}`);
  const log: Log = { ...silentLog, info: line("info"), warn: line("warn") };
  const clock = new ManualClock();
  const losses = new SubLossLog({ clock, log });
  const whole = { state: large };
  losses.follow(() => whole.state);
  const lose = (message = "no route") => losses.lost({ error: new RecoverableError(message), retryInMs: 1000 });
  return { lines, clock, losses, whole, lose };
}

const lost = "warn the small picture is lost, and the large one is shown instead: no route";

describe("what the log says of a small picture that is lost", () => {
  it("is one line while the large one is there, however often it is tried, and one when it is back", async () => {
    const { lines, clock, losses, lose } = notes(states.live);
    for (let turn = 0; turn < 10; turn++) {
      lose();
      await clock.advance(1000);
    }
    losses.back();
    assert.deepEqual(lines, [lost, "info the small picture is back"]);
  });

  it("is nothing where all of the device is lost, whichever goes first", async () => {
    for (const [before, after] of [
      [states.live, states.lost],
      [states.idle, states.lost],
      [states.lost, states.lost],
    ] as const) {
      const { lines, clock, whole, lose } = notes(before);
      lose();
      await clock.advance(1000);
      whole.state = after;
      await clock.advance(60_000);
      assert.deepEqual(lines, [], before.phase);
    }
  });

  it("waits for the large one where that was not looked at, and is nothing if nobody looks or it is back", async () => {
    const { lines, clock, losses, whole, lose } = notes(states.idle);
    lose();
    await clock.advance(10_000);
    assert.deepEqual(lines, []);
    whole.state = states.live;
    await clock.advance(3000);
    assert.deepEqual(lines, [lost]);
    losses.back();
    whole.state = states.idle;
    lose();
    losses.back();
    lose();
    await clock.advance(600_000);
    assert.deepEqual(lines.length, 2, "the first time and its end");
    assert.equal(clock.pending, 0);
  });
});
