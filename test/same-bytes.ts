import assert from "node:assert/strict";

/**
 * Asserts that two long runs of bytes are the same and says where they part. `assert.deepEqual` would draw a picture of
 * the whole difference, which for 100 KB of sound takes tens of gigabytes.
 */
export function assertSameBytes(actual: ArrayBufferView, expected: ArrayBufferView): void {
  const [a, b] = [actual, expected].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength),
  ) as [Buffer, Buffer];
  if (a.equals(b)) return;
  const first = a.findIndex((byte, index) => byte !== b[index]);
  assert.fail(`${a.length} and ${b.length} bytes, the first difference at ${first < 0 ? a.length : first}`);
}
