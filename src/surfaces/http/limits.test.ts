import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
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
    assert.equal(server.maxConnections, 2000);
    assert.equal(defaultSocketLimits.unauthenticatedPerAddress, 64);
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
});
