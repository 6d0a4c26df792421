import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { ManualClock, systemClock } from "../../util/clock.ts";
import { parseRtspAddress } from "./address.ts";
import { RtspConnection, type RtspConnectionOptions } from "./connection.ts";

/** A connection and the other end's bare socket. */
async function pair(options: Partial<RtspConnectionOptions> = {}) {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const address = parseRtspAddress(`rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/s`);
  const connection = await RtspConnection.open(address, {
    clock: systemClock,
    signal: new AbortController().signal,
    onFrame: () => {},
    ...options,
  });
  const [socket] = await accepted;
  const dispose = () => {
    connection[Symbol.dispose]();
    socket.destroy();
    server.close();
  };
  return { connection, socket, uri: address.uri, [Symbol.dispose]: dispose };
}

const ok = (cseq: number | string, status = 200) => `RTSP/1.0 ${status} X\r\nCSeq: ${cseq}\r\n\r\n`;

describe("RtspConnection", () => {
  test("matches answers to requests, and ignores those that nobody waits for", async () => {
    using ends = await pair();
    const { connection, socket, uri } = ends;
    const first = connection.request({ method: "OPTIONS", uri });
    const second = connection.request({ method: "DESCRIBE", uri });
    socket.write(ok(77, 500) + ok(2, 202) + ok("1", 201));
    assert.deepEqual([(await first).status, (await second).status], [201, 202]);
  });

  test("takes an answer without CSeq for the oldest request", async () => {
    using ends = await pair();
    const answer = ends.connection.request({ method: "OPTIONS", uri: ends.uri });
    ends.socket.write("RTSP/1.0 200 OK\r\n\r\n");
    assert.equal((await answer).status, 200);
  });

  for (const number of ["0", "1", "12345", "none"]) {
    test(`a server that numbers every answer ${number} is understood`, async () => {
      const quirks: string[] = [];
      using ends = await pair({ onQuirk: (quirk) => quirks.push(quirk) });
      ends.socket.on("data", () => ends.socket.write(ok(number, 200)));
      for (let n = 0; n < 4; n++) {
        assert.equal((await ends.connection.request({ method: "OPTIONS", uri: ends.uri })).status, 200);
      }
      assert.deepEqual(quirks, ["numbering"]);
    });
  }

  test("an answer that comes twice is not taken for the next one", async () => {
    using ends = await pair();
    const first = ends.connection.request({ method: "OPTIONS", uri: ends.uri });
    ends.socket.write(ok(1));
    await first;
    const second = ends.connection.request({ method: "DESCRIBE", uri: ends.uri });
    ends.socket.write(ok(1) + ok(2, 404));
    assert.equal((await second).status, 404);
  });

  test("reads media between the answers", async () => {
    const frames: string[] = [];
    using ends = await pair({ onFrame: (channel, payload) => frames.push(`${channel}:${Buffer.from(payload)}`) });
    const answer = ends.connection.request({ method: "PLAY", uri: ends.uri });
    ends.socket.write(`$\x00\x00\x03one${ok(1)}$\x01\x00\x03two`);
    await answer;
    assert.deepEqual(frames, ["0:one", "1:two"]);
  });

  test("throws sound away when the other end does not read", async () => {
    using ends = await pair();
    ends.socket.pause();
    let sent = 0;
    while (sent < 1000 && ends.connection.sendFrame(0, new Uint8Array(60_000))) sent++;
    assert.ok(sent > 0 && sent < 1000, `${sent}`);
  });

  test("a request that is not answered fails in time", async () => {
    const clock = new ManualClock();
    using ends = await pair({ clock });
    const answer = ends.connection.request({ method: "PLAY", uri: ends.uri });
    await Promise.all([assert.rejects(answer, { code: "no-answer" }), clock.advance(5000)]);
    assert.equal(clock.pending, 0);
  });

  test("a broken connection ends every request", async () => {
    using ends = await pair();
    const answer = ends.connection.request({ method: "PLAY", uri: ends.uri });
    ends.socket.destroy();
    await assert.rejects(answer, { code: "connection-lost" });
    assert.equal((await ends.connection.closed).code, "connection-lost");
    await assert.rejects(ends.connection.request({ method: "PLAY", uri: ends.uri }), { code: "connection-lost" });
  });

  test("what is no RTSP ends the connection", async () => {
    using ends = await pair();
    ends.socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    assert.equal((await ends.connection.closed).code, "bad-protocol");
  });

  test("an abort ends the wait, and the attempt to connect", async () => {
    using ends = await pair();
    const stop = new AbortController();
    const answer = ends.connection.request({ method: "PLAY", uri: ends.uri, signal: stop.signal });
    stop.abort();
    await assert.rejects(answer, { name: "AbortError" });
    const address = parseRtspAddress("rtsp://127.0.0.1:1/");
    const options = { clock: systemClock, signal: stop.signal, onFrame: () => {} };
    await assert.rejects(RtspConnection.open(address, options), { name: "AbortError" });
  });
});
