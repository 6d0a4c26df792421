import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mutations } from "../../../../test/mutate.ts";
import { WireError } from "../../../util/errors.ts";
import { MessageReader, MessageSplitter, MessageWriter } from "./message.ts";

const fieldsOf = (writer: MessageWriter) => new MessageReader(writer.finish().subarray(4));

describe("messages between hub and engine", () => {
  it("carry numbers, texts and addresses", () => {
    const reader = fieldsOf(
      new MessageWriter(7, 1)
        .u8(200)
        .u16(60_000)
        .u32(4_000_000_000)
        .i64(2 ** 45 + 3)
        .text("käse")
        .bytes(Uint8Array.of(1, 2, 3)),
    );
    assert.equal(reader.code, 7);
    assert.deepEqual(
      [reader.u8(), reader.u16(), reader.u32(), reader.u64()],
      [200, 60_000, 4_000_000_000, 2 ** 45 + 3],
    );
    assert.equal(reader.text(), "käse");
    assert.deepEqual([...reader.rest()], [1, 2, 3]);
  });

  for (const [address, read = address] of [
    ["192.168.1.20"],
    ["2001:db8::1", "2001:db8:0:0:0:0:0:1"],
    ["::", "0:0:0:0:0:0:0:0"],
    ["::1", "0:0:0:0:0:0:0:1"],
    ["1:2:3:4:5:6:7:8"],
    ["1::", "1:0:0:0:0:0:0:0"],
    ["::ffff:10.1.2.3", "0:0:0:0:0:ffff:a01:203"],
    ["64:ff9b::192.0.2.33", "64:ff9b:0:0:0:0:c000:221"],
  ] as const) {
    it(`carry ${address}`, () => {
      const reader = fieldsOf(new MessageWriter(1).address({ address, port: 8555 }));
      assert.deepEqual(reader.address(), { address: read, port: 8555 });
    });
  }

  it("carry times before the hub's beginning", () => {
    assert.equal(new MessageWriter(1).i64(-1).finish().readBigInt64LE(5), -1n);
    assert.equal(new MessageWriter(1).i64(-5_000_000_000).finish().readBigInt64LE(5), -5_000_000_000n);
  });

  it("refuse what does not fit", () => {
    assert.throws(() => new MessageWriter(1).text("x".repeat(256)), WireError);
    for (const address of ["front-door.local", "fe80::1%eth0", "1.2.3"])
      assert.throws(() => new MessageWriter(1).address({ address, port: 1 }), WireError);
    assert.throws(() => fieldsOf(new MessageWriter(1).u16(3)).u32(), WireError);
  });

  it("come whole, however the pipe cuts them", () => {
    const bytes = Buffer.concat([1, 2, 3].map((code) => new MessageWriter(code).text(`message ${code}`).finish()));
    for (let size = 1; size < bytes.length; size++) {
      const splitter = new MessageSplitter();
      const texts: string[] = [];
      for (let at = 0; at < bytes.length; at += size)
        for (const message of splitter.push(bytes.subarray(at, at + size))) texts.push(message.text());
      assert.deepEqual(texts, ["message 1", "message 2", "message 3"]);
    }
  });

  it("throw nothing but WireError when they are malformed", () => {
    const seed = new MessageWriter(161).u32(1).text("abc").address({ address: "10.0.0.1", port: 5 }).finish();
    for (const bytes of mutations(3, [seed], 2000)) {
      try {
        for (const message of new MessageSplitter().push(Buffer.from(bytes))) {
          message.u32();
          message.text();
          message.address();
        }
      } catch (error) {
        assert.ok(error instanceof WireError, String(error));
      }
    }
  });
});
