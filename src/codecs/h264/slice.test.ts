import assert from "node:assert/strict";
import { it } from "node:test";
import { h264SliceKind } from "./index.ts";

/** An Exp-Golomb code as its bits (H.264 9.1). */
function ue(value: number): string {
  const bits = (value + 1).toString(2);
  return "0".repeat(bits.length - 1) + bits;
}

function slice(firstMb: number, sliceType: number, rest: string): Uint8Array {
  const bits = `${ue(firstMb)}${ue(sliceType)}${rest}`.padEnd(64, rest.at(-1));
  const bytes = Array.from({ length: 8 }, (_, i) => Number.parseInt(bits.slice(i * 8, i * 8 + 8), 2));
  return Uint8Array.of(0x41, ...bytes);
}

it("the kind of a slice is read wherever in the picture it begins, whatever stands behind it", () => {
  const kinds = ["P", "B", "I", "P", "I", "P", "B", "I", "P", "I"];
  for (const firstMb of [0, 1, 2, 5, 40, 3599]) {
    for (const [sliceType, kind] of kinds.entries()) {
      for (const rest of ["1", "0", "10", "01"])
        assert.equal(h264SliceKind(slice(firstMb, sliceType, rest)), kind, `${firstMb} ${sliceType} ${rest}`);
    }
  }
});

it("a slice of a type that there is not, one that is cut, and another unit are of no kind", () => {
  for (const sliceType of [10, 11, 14, 15, 200]) assert.equal(h264SliceKind(slice(0, sliceType, "1")), undefined);
  assert.equal(h264SliceKind(Uint8Array.of(0x41)), undefined);
  assert.equal(h264SliceKind(Uint8Array.of(0x67, 0xff)), undefined);
});
