import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import WebSocket from "ws";
import { mutations } from "../../test/mutate.ts";
import { offerSdp, startRig } from "../../test/web-rig.ts";
import { WireError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { parseSdpFragment, ufragOf } from "./webrtc/sdp-fragment.ts";

const count = 10_000;

const fragments = [
  "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef01234567\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 192.168.1.9 54321 typ host generation 0\r\na=end-of-candidates\r\n",
  "a=mid:1\r\na=candidate:3471623853 1 UDP 1694498815 2001:db8::1 61764 typ srflx raddr 0.0.0.0 rport 0 ufrag EsAw network-cost 999\r\n",
  "a=candidate:2 1 tcp 1518280447 4a1f8c64-1f0e.local 9 typ host tcptype active\r\n",
];

const bodies = [
  JSON.stringify({ name: "Anna", password: "correct horse", grants: [{ scope: "*", rights: ["view"] }] }),
  JSON.stringify({ name: "Front", address: "fake://camera/?video", options: { a: [1, 2, { b: null }] } }),
  JSON.stringify({ to: "device:front", text: "hello" }),
  JSON.stringify({ name: "Token", expiresDays: 10 }),
];

const messages = [
  JSON.stringify({
    type: "talk-take",
    turn: 1,
    to: ["device:front"],
    voice: "0123456789abcdef",
    priority: 1,
    queue: true,
  }),
  JSON.stringify({ type: "talk-release", turn: 1 }),
  JSON.stringify({ type: "ping" }),
];

const bytes = (texts: readonly string[]) => texts.map((text) => Buffer.from(text));

/** A log that remembers what the hub calls its own fault. */
function faultLog() {
  const faults: string[] = [];
  const log: Log = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (_fields, message) => faults.push(message),
    child: () => log,
  };
  return { log, faults };
}

describe(`${count} malformed inputs`, () => {
  it("as trickle messages throw nothing but WireError", () => {
    let good = 0;
    for (const input of mutations(1, bytes(fragments), count)) {
      const text = Buffer.from(input).toString("latin1");
      try {
        ufragOf(text);
        const { candidates } = parseSdpFragment(text);
        assert.ok(candidates.length <= 128);
        good++;
      } catch (error) {
        assert.ok(error instanceof WireError, String(error));
      }
    }
    assert.ok(good > 100 && good < count, `${good} were taken`);
  });

  it("as bodies of requests are answered with a problem, never with a fault", async () => {
    const { log, faults } = faultLog();
    await using rig = await startRig({ front: "fake://x/?video&speaker", yard: "fake://x/?video" }, { log });
    const root = await rig.person({ name: "Root", administrator: true });
    const routes = [
      ["POST", "/api/v1/users", "application/json"],
      ["POST", "/api/v1/devices", "application/json"],
      ["POST", "/api/v1/tokens", "application/json"],
      ["PATCH", "/api/v1/devices/yard", "application/json"],
      ["POST", "/api/v1/say", "application/json"],
      ["POST", "/whep/front", "application/sdp"],
      ["PATCH", `/whep/front/${"x".repeat(22)}`, "application/trickle-ice-sdpfrag"],
    ] as const;
    const statuses = new Map<number, number>();
    let n = 0;
    for (const payload of mutations(2, bytes([...bodies, offerSdp, ...fragments]), count)) {
      const [method, url, type] = routes[n++ % routes.length] ?? routes[0];
      const { statusCode } = await rig.web.app.fastify.inject({
        method,
        url,
        payload: Buffer.from(payload),
        headers: { host: "localhost", cookie: root.cookie, "x-doorward": "1", "content-type": type },
      });
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
    }
    assert.deepEqual(faults, []);
    assert.equal(statuses.get(500), undefined);
    assert.ok((statuses.get(400) ?? 0) > count / 4, JSON.stringify([...statuses]));
    assert.equal((await rig.call("GET", "/health")).status, 200);
  });

  it("as messages of a page are answered, and the page goes on", async () => {
    const { log, faults } = faultLog();
    await using rig = await startRig({ front: "fake://x/?video" }, { log });
    const root = await rig.person({ name: "Root", administrator: true });
    let socket = await openSocket(rig.url, root.cookie);
    let sent = 0;
    for (const input of mutations(3, bytes(messages), count)) {
      socket.send(sent % 10 === 0 ? input : Buffer.from(input).toString());
      // A page may send 60 at once; a new one goes on from there.
      if (++sent % 50 !== 0) continue;
      socket.send(JSON.stringify({ type: "ping" }));
      await pong(socket);
      socket.close();
      socket = await openSocket(rig.url, root.cookie);
    }
    socket.terminate();
    assert.deepEqual(faults, []);
  });

  it("as bytes that are no HTTP end their own socket only", async () => {
    await using rig = await startRig();
    const heads = [
      "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n",
      "POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello",
    ];
    const { connect } = await import("node:net");
    for (const input of mutations(4, bytes(heads), 500)) {
      const socket = connect(Number(new URL(rig.url).port), "127.0.0.1");
      socket.on("error", () => {});
      socket.end(Buffer.from(input));
      socket.resume();
      await once(socket, "close");
    }
    assert.equal((await rig.call("GET", "/health")).status, 200);
  });
});

/** Other answers may come in the same turn of the event loop, before and after. */
function pong(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.on("message", (data) => String(data).includes('"pong"') && resolve());
    socket.once("close", () => reject(new Error("the page was closed")));
  });
}

async function openSocket(url: string, cookie: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace("http", "ws")}api/v1/events`, { headers: { cookie } });
  await once(socket, "open");
  return socket;
}
