import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { openUdpPair } from "./udp.ts";

async function bound() {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test("a pair has neighbouring ports, the even one first, and takes only what the peer sends", async () => {
  using stack = new DisposableStack();
  const [rtp, rtcp, other] = await Promise.all([bound(), bound(), bound()]);
  for (const socket of [rtp, rtcp, other]) stack.defer(() => socket.close());
  const got: string[] = [];
  using pair = await openUdpPair({
    remoteAddress: "127.0.0.1",
    localAddress: "127.0.0.1",
    onRtp: (datagram) => got.push(`rtp ${Buffer.from(datagram)}`),
    onRtcp: (datagram) => got.push(`rtcp ${Buffer.from(datagram)}`),
  });
  assert.equal(pair.ports[0] % 2, 0);
  assert.equal(pair.ports[1], pair.ports[0] + 1);
  rtp.send("too early", pair.ports[0], "127.0.0.1");
  await until(() => pair.strangers === 1);
  pair.lock({ address: "127.0.0.1", ports: [rtp.address().port, rtcp.address().port] });
  other.send("stranger", pair.ports[0], "127.0.0.1");
  rtcp.send("wrong port", pair.ports[0], "127.0.0.1");
  await until(() => pair.strangers === 3);
  rtcp.send("report", pair.ports[1], "127.0.0.1");
  await until(() => got.length === 1);
  rtp.send("picture", pair.ports[0], "127.0.0.1");
  await until(() => got.length === 2);
  assert.deepEqual(got, ["rtcp report", "rtp picture"]);
});

test("where the set-up names no ports, the first that send are the peer's", async () => {
  using stack = new DisposableStack();
  const [camera, other] = await Promise.all([bound(), bound()]);
  for (const socket of [camera, other]) stack.defer(() => socket.close());
  const got: string[] = [];
  const onRtp = (datagram: Uint8Array) => got.push(`${Buffer.from(datagram)}`);
  using pair = await openUdpPair({ remoteAddress: "127.0.0.1", localAddress: "127.0.0.1", onRtp, onRtcp: () => {} });
  pair.lock({ address: "127.0.0.1" });
  assert.equal(pair.sendRtp(Uint8Array.of(1)), false);
  camera.send("mine", pair.ports[0], "127.0.0.1");
  await until(() => got.length === 1);
  other.send("not mine", pair.ports[0], "127.0.0.1");
  await until(() => pair.strangers === 1);
  assert.equal(pair.sendRtp(Uint8Array.of(1)), true);
});
