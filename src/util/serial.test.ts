import assert from "node:assert/strict";
import { test } from "node:test";
import { Serial } from "./serial.ts";

test("tasks run one after the other, and a failing one stops none of the next", async () => {
  const serial = new Serial();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = serial.run(async () => {
    seen.push("first begins");
    await gate.promise;
    seen.push("first ends");
  });
  const second = serial.run(() => {
    seen.push("second");
    throw new Error("second fails");
  });
  const third = serial.run(() => seen.push("third"));
  gate.resolve();
  await first;
  await assert.rejects(second, /second fails/);
  await third;
  assert.deepEqual(seen, ["first begins", "first ends", "second", "third"]);
});
