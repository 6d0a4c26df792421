import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { describe, it } from "node:test";
import { startRig } from "../../../test/web-rig.ts";
import { defaultSocketLimits, SocketGuard } from "./sockets.ts";

const port = (url: string) => Number(new URL(url).port);

describe("limits", () => {
  it("are those of the security defaults", async () => {
    const guard = new SocketGuard();
    const server = createServer();
    guard.protect(server, { maxConnections: 2000 });
    assert.equal(server.headersTimeout, 10_000);
    assert.equal(server.requestTimeout, 30_000);
    assert.equal(server.timeout, 10_000);
    assert.equal(server.keepAliveTimeout, 10_000);
    assert.equal(guard.serverOptions.connectionsCheckingInterval, 1000);
    assert.equal(defaultSocketLimits.unauthenticatedPerBlock, 64);
  });

  it("end a socket that says nothing", async () => {
    const guard = new SocketGuard({ ...defaultSocketLimits, unauthenticatedIdleMs: 50 });
    await using server = createServer();
    guard.protect(server, { maxConnections: 10 });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const [peer] = await once(server, "connection");
    assert.equal(guard.strangersFrom("127.0.0.1"), 1);
    await Promise.all([once(peer, "close"), once(socket, "close")]);
    assert.equal(guard.strangersFrom("127.0.0.1"), 0);
  });

  it("let 64 sockets of one address wait unauthenticated, and no more; who signs in no longer counts", async () => {
    await using rig = await startRig();
    const anna = await rig.person({ name: "Anna", administrator: true });
    const { sockets } = rig.web.app;
    const open = async () => {
      const socket = connect(port(rig.url), "127.0.0.1");
      await once(socket, "connect");
      return socket;
    };
    const strangers = await Promise.all(Array.from({ length: 64 }, open));
    const extra = await open();
    await once(extra, "close");
    assert.equal(sockets.strangersFrom("127.0.0.1"), 64);
    const [first, ...others] = strangers;
    first?.write(`GET /api/v1/devices HTTP/1.1\r\nhost: localhost\r\ncookie: ${anna.cookie}\r\n\r\n`);
    assert.ok(first);
    assert.match(String(await once(first, "data")), /^HTTP\/1.1 200/);
    assert.equal(sockets.strangersFrom("127.0.0.1"), 63);
    const another = await open();
    another.write("GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert.match(String(await once(another, "data")), /^HTTP\/1.1 200/);
    for (const socket of [first, another, ...others]) socket.destroy();
  });

  it("refuse bodies over 64 KiB and heads over 16 KiB", async () => {
    await using rig = await startRig();
    const anna = await rig.person({ name: "Anna", administrator: true });
    const large = await rig.call("POST", "/api/v1/users", { as: anna, body: { name: "x".repeat(70_000) } });
    assert.equal(large.status, 413);
    const sdp = { "content-type": "application/sdp" };
    const offer = await rig.call("POST", "/whep/x", { as: anna, headers: sdp, body: "x".repeat(70_000) });
    assert.equal(offer.status, 413);
    const socket = connect(port(rig.url), "127.0.0.1");
    socket.write(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"y".repeat(20_000)}\r\n\r\n`);
    assert.match(String((await once(socket, "data"))[0]), /^HTTP\/1.1 431/);
    socket.destroy();
  });

  it("end heads and bodies that come drop by drop, in the time that was said", async () => {
    const guard = new SocketGuard({ ...defaultSocketLimits, headersMs: 200, requestMs: 400 });
    const slow = createServer(guard.serverOptions, (request, response) => {
      request.resume();
      request.on("end", () => response.end());
    });
    await using server = slow;
    guard.protect(server, { maxConnections: 10 });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port: at } = server.address() as AddressInfo;
    const head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n";
    for (const begin of [head, `${head}\r\n`]) {
      const socket = connect(at, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(begin);
      const drip = setInterval(() => socket.write(begin === head ? "x: y\r\n" : "x"), 20);
      const answered = once(socket, "data");
      assert.match(String((await answered)[0]), /^HTTP\/1.1 408/);
      clearInterval(drip);
      socket.destroy();
    }
  });
});

describe("sockets of strangers and of people", () => {
  /** A guard with `max` places, and callers from addresses of 127.0.0.0/8. */
  async function guarded(max: number, limits = {}, trustedProxies: readonly string[] = []) {
    const guard = new SocketGuard({ ...defaultSocketLimits, ...limits });
    const server = createServer();
    guard.protect(server, { maxConnections: max, trustedProxies });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port: at } = server.address() as AddressInfo;
    const opened: Socket[] = [];
    const open = async (from: string) => {
      const socket = connect({ port: at, host: "127.0.0.1", localAddress: from });
      socket.on("error", () => {});
      socket.resume();
      opened.push(socket);
      const accepted = once(server, "connection");
      await once(socket, "connect");
      const [peer] = (await accepted) as [Socket];
      return { socket, peer, closed: once(socket, "close") };
    };
    const close = async () => {
      for (const socket of opened) socket.destroy();
      await server[Symbol.asyncDispose]();
    };
    return { guard, open, [Symbol.asyncDispose]: close };
  }

  it("strangers have half; a newcomer takes the place of the oldest of the block that has most", async () => {
    await using rig = await guarded(20);
    const storm = [];
    for (let n = 0; n < 10; n++) storm.push(await rig.open("127.0.0.2"));
    const guest = await rig.open("127.0.0.3");
    await storm[0]?.closed;
    assert.deepEqual(rig.guard.counts, { all: 10, strangers: 10 });
    assert.equal(rig.guard.strangersFrom("127.0.0.3"), 1);
    for (let n = 0; n < 30; n++) await rig.open("127.0.0.2");
    assert.equal(rig.guard.strangersFrom("127.0.0.3"), 1, "the guest stays");
    assert.equal(guest.socket.destroyed, false);
  });

  it("a trusted proxy's sockets are everybody's: no block of their own, half of all together", async () => {
    await using rig = await guarded(20, { unauthenticatedPerBlock: 3 }, ["127.0.0.2"]);
    for (let n = 0; n < 12; n++) await rig.open("127.0.0.2");
    assert.deepEqual(rig.guard.counts, { all: 10, strangers: 10 });
  });

  it("people's sockets are no strangers' to take, and one person has a share", async () => {
    await using rig = await guarded(20, { perPerson: 3 });
    const own = [];
    for (let n = 0; n < 3; n++) {
      const each = await rig.open("127.0.0.2");
      assert.equal(rig.guard.welcome(each.peer, "anna"), true);
      own.push(each);
    }
    for (let n = 0; n < 40; n++) await rig.open("127.0.0.2");
    assert.deepEqual(rig.guard.counts, { all: 13, strangers: 10 });
    const one = await rig.open("127.0.0.2");
    assert.equal(rig.guard.welcome(one.peer, "anna"), false);
    assert.equal(rig.guard.welcome(own[0]?.peer as Socket, "anna"), true, "the next request on a known socket");
    own[0]?.peer.destroy();
    await own[0]?.closed;
    assert.equal(rig.guard.welcome(one.peer, "anna"), true);
  });
});
