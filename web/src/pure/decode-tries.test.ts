import assert from "node:assert/strict";
import { test } from "node:test";
import { DecodeTries } from "./decode-tries.ts";

const minuteMs = 60_000;

test("a decoder that failed twice, or is too slow, is not tried again; one fault is no reason", () => {
  const tries = new DecodeTries();
  tries.failed("yard");
  assert.deepEqual([tries.isOver("yard", 0), tries.outcome("yard")], [false, undefined]);
  tries.failed("yard");
  assert.deepEqual([tries.isOver("yard", 0), tries.outcome("yard")], [true, "faults"]);
  assert.equal(tries.isOver("hall", 0), false, "another camera");
  tries.tooSlow("hall");
  assert.equal(tries.outcome("hall"), "slow");
  tries.cannot("gate");
  assert.deepEqual([tries.isOver("gate", 0), tries.outcome("gate")], [true, undefined], "not tried at all");
});

test("minutes of decoded pictures make up for a fault before them, in one session or several", () => {
  const tries = new DecodeTries();
  tries.failed("yard");
  tries.decoded("yard", 3 * minuteMs);
  tries.decoded("yard", 2 * minuteMs);
  tries.failed("yard");
  assert.equal(tries.isOver("yard", 0), false);
  tries.decoded("yard", 4 * minuteMs);
  tries.failed("yard");
  assert.deepEqual([tries.isOver("yard", 0), tries.outcome("yard")], [true, "faults"], "too few");
});

test("a line that does not come about is no fault of the decoder: it is left alone for some minutes", () => {
  const tries = new DecodeTries();
  tries.noLine("yard", 0);
  tries.line("yard");
  tries.noLine("yard", 0);
  assert.equal(tries.isOver("yard", 0), false, "not one after the other");
  tries.noLine("yard", minuteMs);
  assert.deepEqual([tries.isOver("yard", minuteMs), tries.outcome("yard")], [true, undefined]);
  assert.equal(tries.isOver("yard", 11 * minuteMs), false);
  tries.noLine("yard", 11 * minuteMs);
  assert.equal(tries.isOver("yard", 12 * minuteMs), true, "one more is enough");
  tries.failed("yard");
  assert.equal(tries.outcome("yard"), undefined);
});
