import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, it } from "node:test";
import { attributeOf, xorAddress } from "../../protocols/stun/attributes.ts";
import {
  integrityHolds,
  longTermKey,
  parseStun,
  type StunAttribute,
  serializeStun,
  stunAttributes,
  stunMethods,
} from "../../protocols/stun/message.ts";
import { ManualClock } from "../../util/clock.ts";
import { allocate } from "./turn-socket.ts";

const who = { username: "u", password: "p" };
const key = longTermKey({ ...who, realm: "house" });

/** A TURN server that gives a relay to who signs; resolves with the first request about that. */
async function relayingServer() {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const after = Promise.withResolvers<Uint8Array>();
  const challenge: StunAttribute[] = [
    { type: stunAttributes.errorCode, value: Uint8Array.from([0, 0, 4, 1]) },
    { type: stunAttributes.realm, value: Buffer.from("house") },
    { type: stunAttributes.nonce, value: Buffer.from("n") },
  ];
  const relay = [xorAddress(stunAttributes.xorRelayedAddress, { address: "192.0.2.1", port: 5000 })];
  socket.on("message", (bytes, { port, address }) => {
    const { method, transactionId } = parseStun(bytes);
    if (method !== stunMethods.allocate) return after.resolve(bytes);
    const answer = integrityHolds(bytes, key)
      ? serializeStun({ method, kind: "success", transactionId, attributes: relay }, key)
      : serializeStun({ method, kind: "error", transactionId, attributes: challenge });
    socket.send(answer, port, address);
  });
  const place = { host: "127.0.0.1", port: socket.address().port, transport: "udp" } as const;
  return { place, after: after.promise, [Symbol.dispose]: () => socket.close() };
}

describe("a relay that was asked for over UDP", () => {
  it("is given back at once", { timeout: 5000 }, async () => {
    using server = await relayingServer();
    const { outcome } = await allocate(server.place, who, { clock: new ManualClock(), random: randomBytes });
    assert.equal(outcome, "relays");
    const bytes = await server.after;
    const refresh = parseStun(bytes);
    assert.deepEqual([refresh.method, refresh.kind], [stunMethods.refresh, "request"]);
    assert.deepEqual([...(attributeOf(refresh, stunAttributes.lifetime) ?? [])], [0, 0, 0, 0]);
    assert.ok(integrityHolds(bytes, key));
  });
});
