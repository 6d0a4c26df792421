import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { headerBytes, readPicture } from "./read-picture.ts";
import { writePicture } from "./write-picture.ts";

const message = (bytes: Uint8Array) => new Uint8Array(bytes).buffer;

test("what is written is what is read", () => {
  const heads = fc.record({
    key: fc.boolean(),
    isShownTime: fc.boolean(),
    ageMs: fc.integer({ min: -0x7fff_ffff }),
    wallUs: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  });
  fc.assert(
    fc.property(heads, fc.uint8Array({ minLength: 1, maxLength: 100 }), (head, data) => {
      assert.deepEqual(readPicture(message(writePicture(head, data))), { ...head, data: new Uint8Array(data) });
    }),
  );
});

test("what is cut, or of another version, is no picture", () => {
  const whole = writePicture({ key: true, isShownTime: true, ageMs: 5, wallUs: 7 }, Uint8Array.of(1));
  for (let length = 0; length <= headerBytes; length++)
    assert.equal(readPicture(message(whole.subarray(0, length))), undefined);
  assert.equal(readPicture(message(Buffer.concat([Uint8Array.of(2), whole.subarray(1)]))), undefined);
});
