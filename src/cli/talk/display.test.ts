import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { createDisplay } from "./display.ts";

describe("progress of talk on a terminal", () => {
  it("stays on one line, however many cameras", async () => {
    for (const columns of [20, 80]) {
      for (const cameras of [1, 2, 3, 12]) {
        const clock = new ManualClock();
        const written: string[] = [];
        const stdout = { isTTY: true, columns, write: (text: string) => written.push(text) > 0 };
        using display = createDisplay({ stdout, stderr: stdout, clock, json: false, durationUs: 6_000_000 });
        for (let round = 0; round < 2; round++) {
          for (let n = 0; n < cameras; n++) {
            display.progress(`192.168.100.${100 + n}`, {
              ...{ leadMs: 1000 + n, targetLeadMs: 2000, sentMs: 2000, underruns: 0 },
              ...{ droppedBlocks: 0, insertedBlocks: 0 },
            });
          }
          await clock.advance(250);
        }
        const last = written.at(-1)?.replace("\r\u001b[2K", "") ?? "";
        assert.ok(last.length < columns, `${last.length} of ${columns}: ${last}`);
        assert.match(last, /^0:01 \/ 0:06/);
      }
    }
  });
});
