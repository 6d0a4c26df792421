import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WireError } from "../../util/errors.ts";
import { AllocateExchange } from "./allocate.ts";
import { attributeOf, errorOf, xorAddress, xorAddressOf } from "./attributes.ts";
import {
  integrityHolds,
  longTermKey,
  parseStun,
  type StunAttribute,
  type StunKind,
  serializeStun,
  stunAttributes,
  stunMethods,
} from "./message.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
const text = (type: number, value: string) => ({ type, value: Buffer.from(value) });

/** RFC 5769, 2.4. */
const longTerm = hex(`000100602112a44278ad3433c6ad72c029da412e 00060012e3839ee38388e383aae38383e382afe382b90000
  0015001c662f2f3439396b39353464364f4c33346f4c39465354767936347341 0014000b6578616d706c652e6f726700
  00080014f67024656dd64a3e02b8e0712e85c9a28ca89666`);
/** RFC 5769, 2.2. */
const response = hex(`0101003c2112a442b7e7a701bc34d686fa87dfae 8022000b7465737420766563746f7220
  002000080001a147e112a643 000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004c07d4c96`);
const matrix = { username: "マトリックス", realm: "example.org", password: "TheMatrIX" };

describe("a STUN message", () => {
  it("is read and signed as the test vectors of RFC 5769 are", () => {
    const { method, kind, attributes } = parseStun(longTerm);
    assert.deepEqual([method, kind, attributes.length], [stunMethods.binding, "request", 4]);
    assert.ok(integrityHolds(longTerm, longTermKey(matrix)));
    assert.ok(!integrityHolds(longTerm, longTermKey({ ...matrix, password: "TheMatriX" })));
    const key = Buffer.from("VOkJxbRl1RmTxUk/WvJxBt");
    assert.ok(integrityHolds(response, key));
    assert.deepEqual(xorAddressOf(parseStun(response), stunAttributes.xorMappedAddress), {
      address: "192.0.2.1",
      port: 32_853,
    });
  });

  it("is written as it is read, with a signature that holds and a fingerprint", () => {
    const { transactionId } = parseStun(response);
    const attributes = [text(0x8022, "test vector "), xorAddress(0x20, { address: "192.0.2.1", port: 32_853 })];
    const message = { method: 1, kind: "success", transactionId, attributes } as const;
    const key = Buffer.from("VOkJxbRl1RmTxUk/WvJxBt");
    const bytes = serializeStun(message, key);
    assert.ok(integrityHolds(bytes, key));
    const again = parseStun(bytes);
    assert.deepEqual(
      again.attributes.map(({ type, value }) => [type, value.length]),
      [
        [0x8022, 12],
        [0x20, 8],
        [0x08, 20],
        [0x8028, 4],
      ],
    );
  });

  it("is of every method and kind", () => {
    for (const method of [1, 3, 0xf, 0x10, 0x7f, 0x80, 0xfff]) {
      for (const kind of ["request", "indication", "success", "error"] satisfies StunKind[]) {
        const message = { method, kind, transactionId: new Uint8Array(12), attributes: [] };
        assert.deepEqual(
          [parseStun(serializeStun(message)).method, parseStun(serializeStun(message)).kind],
          [method, kind],
        );
      }
    }
  });

  it("is refused where it is cut off, longer than it says, or none", () => {
    for (let end = 0; end < response.length; end++)
      assert.throws(() => parseStun(response.subarray(0, end)), WireError);
    assert.throws(() => parseStun(Buffer.concat([response, Buffer.alloc(4)])), WireError);
    assert.throws(() => parseStun(Buffer.concat([Buffer.from([0x80]), response.subarray(1)])), WireError);
    const attribute = Buffer.from(response);
    attribute.writeUInt16BE(600, 22);
    assert.throws(() => parseStun(attribute), WireError);
  });

  it("tells addresses of IPv6 (RFC 5769, 2.3), errors, and refuses what is neither", () => {
    const { transactionId } = parseStun(response);
    const of = (type: number, value: Uint8Array) =>
      ({ method: 1, kind: "error", transactionId, attributes: [{ type, value }] }) as const;
    assert.deepEqual(xorAddressOf(of(0x20, hex("0002a1470113a9faa5d3f179bc25f4b5bed2b9d9")), 0x20), {
      address: "2001:db8:1234:5678:11:2233:4455:6677",
      port: 32_853,
    });
    assert.throws(() => xorAddressOf(of(0x20, hex("0002a1470113a9fa")), 0x20), WireError);
    assert.deepEqual(errorOf(of(9, hex("00000426 5374616c65"))), { code: 438, reason: "Stale" });
    assert.throws(() => errorOf(of(9, hex("0000"))), WireError);
  });
});

/** A TURN server of one transaction after the other, which answers as it is told. */
function server(exchange: AllocateExchange) {
  const answer = (kind: "success" | "error", attributes: readonly StunAttribute[], key?: Uint8Array) => {
    const { transactionId } = parseStun(exchange.request);
    return exchange.receive(serializeStun({ method: stunMethods.allocate, kind, transactionId, attributes }, key));
  };
  const refuse = (code: number, realm: string | undefined, nonce = "n1") =>
    answer("error", [
      { type: stunAttributes.errorCode, value: Uint8Array.from([0, 0, Math.floor(code / 100), code % 100]) },
      ...(realm === undefined ? [] : [text(stunAttributes.realm, realm), text(stunAttributes.nonce, nonce)]),
    ]);
  const said = (type: number) => String(Buffer.from(attributeOf(parseStun(exchange.request), type) ?? []));
  return { answer, refuse, said };
}

describe("who asks for a relay", () => {
  const random = () => Buffer.alloc(12, 7);
  const relay = [
    xorAddress(stunAttributes.xorRelayedAddress, { address: "203.0.113.5", port: 50_000 }),
    { type: stunAttributes.lifetime, value: Uint8Array.from([0, 0, 2, 88]) },
  ];

  it("shows its credentials when it is asked for them, and is told where the relay is", () => {
    const exchange = new AllocateExchange({ username: "u", password: "p", random });
    const turn = server(exchange);
    assert.equal(turn.said(stunAttributes.username), "");
    assert.equal(turn.refuse(401, "house"), undefined);
    assert.deepEqual([turn.said(stunAttributes.username), turn.said(stunAttributes.nonce)], ["u", "n1"]);
    const key = longTermKey({ username: "u", realm: "house", password: "p" });
    assert.ok(integrityHolds(exchange.request, key));
    const got = turn.answer("success", relay, key);
    assert.deepEqual(got, {
      outcome: "relays",
      relayed: { address: "203.0.113.5", port: 50_000 },
      mapped: undefined,
      lifetimeS: 600,
      realm: "house",
      open: false,
    });
    assert.throws(() => turn.answer("success", relay, Buffer.from("forged")), WireError);
  });

  it("asks anew when the nonce has ended, but not for ever", () => {
    const turn = server(new AllocateExchange({ username: "u", password: "p", random }));
    turn.refuse(401, "house");
    assert.equal(turn.refuse(438, "house", "n2"), undefined);
    assert.equal(turn.said(stunAttributes.nonce), "n2");
    assert.equal(turn.refuse(438, "house", "n3"), undefined);
    const refused = turn.refuse(438, "house", "n4");
    assert.deepEqual(refused?.outcome === "refused" && refused.code, 438);
  });

  it("is told what refuses it, and when the realm was another one", () => {
    const told = (realm: string) => {
      const turn = server(new AllocateExchange({ username: "u", password: "p", random }));
      turn.refuse(401, "house");
      return turn.refuse(401, realm);
    };
    const refused = { outcome: "refused", code: 401, reason: "" };
    assert.deepEqual(told("house"), { ...refused, realm: "house", otherRealm: false });
    assert.deepEqual(told("barn"), { ...refused, realm: "barn", otherRealm: true });
  });

  it("notices a server that asks nobody who they are, and heeds no answer to another question", () => {
    const exchange = new AllocateExchange({ username: "u", password: "p", random });
    assert.equal(exchange.receive(response), undefined);
    const got = server(exchange).answer("success", relay);
    assert.equal(got?.outcome === "relays" && got.open, true);
  });
});
