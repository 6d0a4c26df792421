import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, it } from "node:test";
import { startRig } from "../../../test/web-rig.ts";
import { parseStun, serializeStun, stunAttributes, stunMethods } from "../../protocols/stun/message.ts";
import { systemClock } from "../../util/clock.ts";

/** A TURN server that lets nobody in. */
async function refusingServer() {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const attributes = [
    { type: stunAttributes.errorCode, value: Uint8Array.from([0, 0, 4, 1]) },
    { type: stunAttributes.realm, value: Buffer.from("house") },
    { type: stunAttributes.nonce, value: Buffer.from("n") },
  ];
  socket.on("message", (bytes, { port, address }) => {
    const { transactionId } = parseStun(bytes);
    const refusal = { method: stunMethods.allocate, kind: "error", transactionId, attributes } as const;
    socket.send(serializeStun(refusal), port, address);
  });
  return { url: `turn:127.0.0.1:${socket.address().port}?transport=udp`, [Symbol.dispose]: () => socket.close() };
}

describe("the check of the TURN servers", () => {
  it("tells an administrator what is wrong with each", async () => {
    using server = await refusingServer();
    const turn = { urls: [server.url], secret: "0123456789abcdef" };
    await using rig = await startRig({}, { whep: { turn }, clock: systemClock });
    const as = await rig.person({ name: "Root", administrator: true });
    const { status, json } = await rig.call("POST", "/api/v1/turn-check", { as });
    const [found] = json["servers"] as { url: string; ok: boolean; fault: string; detail: string }[];
    assert.deepEqual([status, found?.url, found?.ok, found?.fault], [200, server.url, false, "secret"]);
    assert.match(found?.detail ?? "", /realm house/);
    assert.ok(!JSON.stringify(json).includes(turn.secret));
  });

  it("finds nothing where none is set", async () => {
    await using rig = await startRig({});
    const as = await rig.person({ name: "Root", administrator: true });
    assert.deepEqual((await rig.call("POST", "/api/v1/turn-check", { as })).json, { servers: [] });
  });
});
