import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { RecoverableError } from "../util/errors.ts";
import { type Log, silentLog } from "../util/log.ts";
import { LossLog } from "./loss-log.ts";

function notes() {
  const lines: string[] = [];
  const line = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${(fields as { times?: number }).times}`);
  const log: Log = { ...silentLog, info: line("info"), warn: line("warn") };
  const clock = new ManualClock();
  return { lines, clock, losses: new LossLog({ clock, log }) };
}

const loss = (message: string) => ({ error: new RecoverableError(message), retryInMs: 1000 });

describe("what the log says of a device that is lost", () => {
  it("is one line, however often it is tried, and one when it is back with how often that was", () => {
    const { lines, losses } = notes();
    for (let turn = 0; turn < 40; turn++) losses.lost(loss("no route"));
    losses.back();
    losses.back();
    assert.deepEqual(lines, ["warn device lost: no route 1", "info device back 40"]);
  });

  it("is another line when the reason is another one, and the same once an hour with its count", async () => {
    const { lines, losses, clock } = notes();
    losses.lost(loss("no route"));
    losses.lost(loss("refused"));
    losses.lost(loss("no route"));
    await clock.advance(3_600_001);
    losses.lost(loss("refused"));
    assert.deepEqual(lines, [
      "warn device lost: no route 1",
      "warn device lost: refused 2",
      "warn device lost: refused 4",
    ]);
  });

  it("does not grow with a device that comes and goes", () => {
    const { lines, losses } = notes();
    for (let turn = 0; turn < 40; turn++) {
      losses.lost(loss("closed by the device"));
      losses.back();
    }
    assert.equal(lines.length, 2);
  });
});
