import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { describe, test } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { openUdpPair } from "./udp.ts";

const here = "127.0.0.1";

async function bound(address = here): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, address);
  await once(socket, "listening");
  return socket;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** What begins as RTP and RTCP do. */
const packet = (text: string) => Buffer.from(`\x80${text}`, "latin1");

/** A pair, the sockets of a camera and of others, and what the pair took. */
async function scene() {
  const stack = new DisposableStack();
  const clock = new ManualClock();
  const sockets = await Promise.all([bound(), bound(), bound(), bound("127.0.0.2")]);
  for (const socket of sockets) stack.defer(() => socket.close());
  const [rtp, rtcp, other, elsewhere] = sockets;
  const got: string[] = [];
  let moved = 0;
  const take = (kind: string) => (datagram: Uint8Array) =>
    got.push(`${kind} ${Buffer.from(datagram.subarray(1)).toString("latin1")}`);
  const pair = stack.use(
    await openUdpPair({
      remoteAddress: here,
      localAddress: here,
      clock,
      onRtp: take("rtp"),
      onRtcp: take("rtcp"),
      onOtherPort: () => moved++,
    }),
  );
  const ports = [rtp.address().port, rtcp.address().port] as const;
  const send = async (from: Socket, text: string) => {
    const before = got.length + pair.strangers;
    from.send(packet(text), pair.ports[0], here);
    await until(() => got.length + pair.strangers > before);
  };
  return {
    pair,
    clock,
    got,
    rtp,
    rtcp,
    other,
    elsewhere,
    ports,
    send,
    moved: () => moved,
    [Symbol.dispose]: () => stack.dispose(),
  };
}

describe("a pair of UDP ports", () => {
  test("are neighbours, the even one first, and take nothing before the peer is known", async () => {
    using s = await scene();
    assert.equal(s.pair.ports[0] % 2, 0);
    assert.equal(s.pair.ports[1], s.pair.ports[0] + 1);
    await s.send(s.rtp, "too early");
    assert.deepEqual(s.got, []);
  });

  test("takes what the peer's ports send and nothing of another machine", async () => {
    using s = await scene();
    s.pair.lock({ address: here, ports: s.ports });
    await s.send(s.elsewhere, "stranger");
    await s.send(s.rtp, "picture");
    await s.send(s.other, "another port while that one sends");
    s.rtcp.send(packet("report"), s.pair.ports[1], here);
    await until(() => s.got.length === 2);
    assert.deepEqual(s.got, ["rtp picture", "rtcp report"]);
    assert.equal(s.pair.strangers, 2);
    assert.equal(s.moved(), 0);
  });

  test("takes what comes from another port than announced, and answers there", async () => {
    using s = await scene();
    s.pair.lock({ address: here, ports: s.ports });
    await s.send(s.other, "picture");
    const heard = once(s.other, "message");
    assert.equal(s.pair.sendRtp(packet("report")), true);
    await heard;
    assert.deepEqual(s.got, ["rtp picture"]);
    assert.equal(s.moved(), 1);
  });

  test("follows a peer that goes on from another port", async () => {
    using s = await scene();
    s.pair.lock({ address: here, ports: s.ports });
    await s.send(s.rtp, "one");
    await s.clock.advance(1500);
    await s.send(s.other, "two");
    assert.deepEqual(s.got, ["rtp one", "rtp two"]);
  });

  test("does not settle on a port from which something else than RTP comes", async () => {
    using s = await scene();
    s.pair.lock({ address: here });
    s.other.send("hello", s.pair.ports[0], here);
    await until(() => s.pair.strangers === 1);
    await s.send(s.rtp, "picture");
    assert.deepEqual(s.got, ["rtp picture"]);
  });

  test("cannot send where neither a port was named nor anything came", async () => {
    using s = await scene();
    s.pair.lock({ address: here });
    assert.equal(s.pair.sendRtp(packet("")), false);
    await s.send(s.rtp, "picture");
    assert.equal(s.pair.sendRtp(packet("")), true);
  });

  test("takes what comes from the source that the set-up named, and sends it nothing", async () => {
    using s = await scene();
    s.pair.lock({ address: here, source: "127.0.0.2" });
    await s.send(s.elsewhere, "picture");
    assert.deepEqual(s.got, ["rtp picture"]);
    assert.equal(s.pair.sendRtp(packet("")), false);
  });
});
