import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JpegSplitter } from "./splitter.ts";

const head = Buffer.of(0xff, 0xd8, 0xff, 0xda, 0, 2);
const end = Buffer.of(0xff, 0xd9);

describe("pictures in a stream of bytes", () => {
  it("are copied a few times and not with each piece, up to the longest", () => {
    const splitter = new JpegSplitter();
    const picture = Buffer.concat([head, Buffer.alloc(8 * 2 ** 20 - 8, 1), end]);
    const found: Uint8Array[] = [];
    for (let at = 0; at < picture.length; at += 1024) found.push(...splitter.push(picture.subarray(at, at + 1024)));
    assert.equal(found.length, 1);
    assert.ok(picture.equals(found[0]!));
    assert.ok(splitter.copiedBytes < 4 * picture.length, `${splitter.copiedBytes} bytes copied`);
  });

  it("come out whole wherever the pieces end", () => {
    const pictures = [1, 2, 3].map((byte) => Buffer.concat([head, Buffer.alloc(50_000, byte), end]));
    const stream = Buffer.concat(pictures.flatMap((picture) => [Buffer.from("--boundary"), picture]));
    for (const size of [7, 1000, 49_999, stream.length]) {
      const splitter = new JpegSplitter();
      const found: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += size) found.push(...splitter.push(stream.subarray(at, at + size)));
      assert.deepEqual(
        found.map((one) => Buffer.compare(one, pictures[found.indexOf(one)]!)),
        [0, 0, 0],
        `${size}`,
      );
    }
  });

  it("are given up when one is longer than 8 MiB, and the next is found", () => {
    const splitter = new JpegSplitter();
    splitter.push(head);
    for (let n = 0; n < 8 * 1024 + 1; n++) assert.deepEqual(splitter.push(Buffer.alloc(1024, 1)), []);
    assert.equal(splitter.push(Buffer.concat([head, end])).length, 1);
  });
});
