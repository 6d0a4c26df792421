import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { CodedPicture } from "../../../src/surfaces/pictures/read-picture.ts";
import { openDecoder } from "./decoders.ts";

const coded: CodedPicture = { key: true, isShownTime: true, ageMs: 0, wallUs: 0, data: new Uint8Array(1) };
const format = { codec: "mjpeg", picture: "image/jpeg", reordered: false };

/** A decoder of JPEG in a browser whose pictures come one by one, when `decoded` or `damaged` says so. */
function jpeg(context: TestContext, onPicture: () => void) {
  const told = { done: 0, leftOut: 0, faults: [] as unknown[] };
  const asked: PromiseWithResolvers<ImageBitmap>[] = [];
  const before = globalThis.createImageBitmap;
  globalThis.createImageBitmap = (() => {
    const one = Promise.withResolvers<ImageBitmap>();
    asked.push(one);
    return one.promise;
  }) as typeof createImageBitmap;
  context.after(() => {
    globalThis.createImageBitmap = before;
  });
  const decoder = openDecoder(format, {
    onPicture,
    onDone: (pictures) => {
      told.done += pictures;
    },
    onLeftOut: (pictures) => {
      told.leftOut += pictures;
    },
    onFault: (error) => told.faults.push(error),
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const decoded = () => {
    asked.shift()?.resolve({ close: () => {} } as ImageBitmap);
    return settle();
  };
  const damaged = () => {
    asked.shift()?.reject(new Error("damaged"));
    return settle();
  };
  return { decoder, told, decoded, damaged };
}

test("a JPEG picture that cannot be shown is a fault, and the next one is decoded all the same", async (context) => {
  const fault = new Error("no picture of this size");
  let pictures = 0;
  const { decoder, told, decoded } = jpeg(context, () => {
    if (++pictures === 1) throw fault;
  });
  decoder.decode(coded);
  await decoded();
  assert.deepEqual(told.faults, [fault]);
  decoder.decode(coded);
  await decoded();
  assert.equal(pictures, 2);
});

test("JPEG pictures that are damaged, or wait while a newer one comes, are told as left out", async (context) => {
  const { decoder, told, decoded, damaged } = jpeg(context, () => {});
  for (let count = 0; count < 4; count++) decoder.decode(coded);
  assert.deepEqual(told, { done: 2, leftOut: 2, faults: [] }, "the first is decoded, the last waits");
  await decoded();
  await damaged();
  assert.deepEqual(told, { done: 4, leftOut: 3, faults: [] });
});
