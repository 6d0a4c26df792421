import assert from "node:assert/strict";
import { test } from "node:test";
import { DecodeTries } from "./decode-tries.ts";

test("a decoder that failed twice, or is too slow, is not tried again; one fault is no reason", () => {
  const tries = new DecodeTries();
  tries.failed("yard");
  assert.deepEqual([tries.isOver("yard"), tries.outcome("yard")], [false, undefined]);
  tries.failed("yard");
  assert.deepEqual([tries.isOver("yard"), tries.outcome("yard")], [true, "faults"]);
  assert.equal(tries.isOver("hall"), false, "another camera");
  tries.tooSlow("hall");
  assert.equal(tries.outcome("hall"), "slow");
  tries.cannot("gate");
  assert.deepEqual([tries.isOver("gate"), tries.outcome("gate")], [true, undefined], "not tried at all");
});
