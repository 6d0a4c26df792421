import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { doubleTapped, maxScale, panned, swiped, transformOf, wheelFactor, whole, zoomedAt } from "./zoom.ts";

const place = { widthPx: 800, heightPx: 400 };
const middle = { xPx: 0, yPx: 0 };

describe("enlarging a picture", () => {
  it("keeps what is under the pointer there", () => {
    const at = { xPx: 100, yPx: -50 };
    const once = zoomedAt(whole, { factor: 2, at, place });
    assert.deepEqual(once, { scale: 2, xPx: -100, yPx: 50 });
    // The point of the picture that was there: (at - shift) / scale.
    const twice = zoomedAt(once, { factor: 1.5, at, place });
    assert.deepEqual([(at.xPx - twice.xPx) / twice.scale, (at.yPx - twice.yPx) / twice.scale], [100, -50]);
  });

  it("has limits: never smaller than the whole, never larger than one can see by, and no edge inside", () => {
    assert.deepEqual(zoomedAt(whole, { factor: 0.5, at: middle, place }), whole);
    assert.equal(zoomedAt(whole, { factor: 99, at: middle, place }).scale, maxScale);
    const twice = zoomedAt(whole, { factor: 2, at: middle, place });
    assert.deepEqual(panned(twice, { xPx: 9999, yPx: -9999, place }), { scale: 2, xPx: 400, yPx: -200 });
    assert.deepEqual(zoomedAt(panned(twice, { xPx: 400, yPx: 0, place }), { factor: 0.5, at: middle, place }), whole);
    assert.deepEqual(panned(whole, { xPx: 20, yPx: 20, place }), whole);
  });

  it("comes closer by a double tap, and goes back by the next", () => {
    const closer = doubleTapped(whole, { at: middle, place });
    assert.equal(closer.scale, 2.5);
    assert.deepEqual(doubleTapped(closer, { at: middle, place }), whole);
  });

  it("follows wheels of every kind, by steps that are bounded", () => {
    assert.ok(wheelFactor(-100, 0) > 1 && wheelFactor(100, 0) < 1);
    assert.equal(wheelFactor(-3, 1), wheelFactor(-48, 0));
    assert.ok(wheelFactor(-1e6, 0) < 1.6);
  });

  it("is a transform, and none for the whole", () => {
    assert.equal(transformOf(whole), "");
    assert.equal(transformOf({ scale: 2, xPx: -100, yPx: 50 }), "translate(-100.0px, 50.0px) scale(2.000)");
  });
});

it("a quick stroke to the side turns to the next camera, or to the one before", () => {
  assert.equal(swiped({ xPx: -120, yPx: 10, ms: 200 }), 1);
  assert.equal(swiped({ xPx: 120, yPx: -10, ms: 200 }), -1);
  assert.equal(swiped({ xPx: -120, yPx: 90, ms: 200 }), undefined);
  assert.equal(swiped({ xPx: -40, yPx: 0, ms: 200 }), undefined);
  assert.equal(swiped({ xPx: -300, yPx: 0, ms: 1500 }), undefined);
});
