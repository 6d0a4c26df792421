import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { WireError } from "../../util/errors.ts";
import { headerBytes, readPicture, writePicture } from "./wire.ts";

test("what is written is what is read", () => {
  const heads = fc.record({
    key: fc.boolean(),
    isShownTime: fc.boolean(),
    ageMs: fc.nat(),
    wallUs: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  });
  fc.assert(
    fc.property(heads, fc.uint8Array({ minLength: 1, maxLength: 100 }), (head, data) => {
      const read = readPicture(writePicture(head, data));
      assert.deepEqual(read.head, { ...head });
      assert.deepEqual(new Uint8Array(read.data), data);
    }),
  );
});

test("what is cut, or of another version, is refused", () => {
  const whole = writePicture({ key: true, isShownTime: true, ageMs: 5, wallUs: 7 }, Uint8Array.of(1));
  for (let length = 0; length <= headerBytes; length++)
    assert.throws(() => readPicture(whole.subarray(0, length)), WireError);
  assert.throws(() => readPicture(Buffer.concat([Uint8Array.of(2), whole.subarray(1)])), WireError);
});
