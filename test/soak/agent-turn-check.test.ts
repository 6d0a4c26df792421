import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, describe, it } from "node:test";
import { checkTurn, type TurnFinding } from "../../src/surfaces/webrtc/turn-check.ts";
import { type Clock, systemClock } from "../../src/util/clock.ts";
import { documentedSecret, startCoturn } from "../peers/coturn.ts";
import { turnDialogue } from "./turn-dialogue.ts";

// The hub's check of its TURN server, and what the documented configuration denies, asked of coturn itself on loopback.

const port = 25_110;
const suite = new AsyncDisposableStack();
const local = (port: number) => ["--listening-ip", "127.0.0.1", "--listening-port", String(port)];

before(async () => {
  suite.use(await startCoturn({ options: local(port) }));
});
after(() => suite.disposeAsync());

async function check(how: {
  readonly secret?: string;
  readonly clock?: Clock;
  readonly url?: string;
}): Promise<TurnFinding | undefined> {
  const { secret = documentedSecret, clock = systemClock, url = `turn:127.0.0.1:${port}?transport=udp` } = how;
  return (await checkTurn({ turn: { urls: [url], secret, lifeSeconds: 3600 }, clock }))[0];
}

/** A clock that goes right, but is wrong. */
function wrongBy(ms: number): Clock {
  return new Proxy(systemClock, {
    get: (clock, name) => {
      if (name === "wallMs") return () => systemClock.wallMs() + ms;
      const value: unknown = Reflect.get(clock, name);
      return typeof value === "function" ? value.bind(clock) : value;
    },
  });
}

describe("the check of a TURN server, of coturn", () => {
  it("finds all well over UDP and TCP, with the documented configuration", async () => {
    for (const transport of ["udp", "tcp"]) {
      const found = await check({ url: `turn:127.0.0.1:${port}?transport=${transport}` });
      assert.equal(found?.ok, true, found?.detail);
      assert.match(found?.detail ?? "", /realm doorward/);
    }
  });

  it("names a wrong secret, a clock that is behind, and a server that asks nobody", async () => {
    assert.equal((await check({ secret: "another secret of the hub" }))?.fault, "secret");
    assert.equal((await check({ clock: wrongBy(-2 * 3_600_000) }))?.fault, "clock");
    assert.equal((await check({ clock: wrongBy(2 * 3_600_000) }))?.ok, true);
    const without = /^(use-auth-secret|static-auth-secret|realm)/;
    await using _open = await startCoturn({ without, options: [...local(port + 4), "--no-auth"] });
    assert.equal((await check({ url: `turn:127.0.0.1:${port + 4}` }))?.fault, "open");
  });

  it("tells UDP that is blocked from a server that is not there, and from one that is something else", async () => {
    await using _tcp = await startCoturn({ options: [...local(port + 8), "--no-udp"] });
    const blocked = await check({ url: `turn:127.0.0.1:${port + 8}` });
    assert.equal(blocked?.fault, "udp-blocked", blocked?.detail);
    const nobody = await check({ url: "turn:127.0.0.1:25130" });
    assert.deepEqual(
      [nobody?.fault, nobody?.detail],
      ["unreachable", "is not reached over UDP: nothing listens there"],
    );
    const web = createServer((socket) => {
      socket.resume().end("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    await new Promise<void>((resolve) => web.listen(25_122, "127.0.0.1", resolve));
    await using _web = web;
    const other = await check({ url: "turn:127.0.0.1:25122?transport=tcp" });
    assert.match(other?.detail ?? "", /what answers is no TURN server/);
  });

  it("is refused an expired and a wrong credential", async () => {
    const ended = `${Math.floor(Date.now() / 1000) - 5}:x`;
    for (const [username, secret] of [
      [ended, documentedSecret],
      [`${Math.floor(Date.now() / 1000) + 60}:x`, "wrong"],
    ] as const) {
      await using turn = await turnDialogue({ port, username, secret });
      assert.deepEqual([turn.allocation.outcome, "code" in turn.allocation && turn.allocation.code], ["refused", 401]);
    }
  });

  it("relays to no address of a house, of its own or reserved, and to any other", async () => {
    const username = `${Math.floor(Date.now() / 1000) + 60}:x`;
    await using turn = await turnDialogue({ port, username, secret: documentedSecret });
    assert.equal(turn.allocation.outcome, "relays");
    const denied = [
      "127.0.0.1",
      "127.8.8.8",
      "10.1.2.3",
      "172.17.0.1",
      "172.31.255.255",
      "192.168.1.1",
      "169.254.169.254",
    ];
    for (const address of [
      ...denied,
      "100.64.0.1",
      "0.0.0.0",
      "192.0.2.1",
      "198.18.0.1",
      "224.0.0.1",
      "255.255.255.255",
    ]) {
      assert.equal(await turn.permission(address), 403, address);
    }
    for (const address of ["8.8.8.8", "172.32.0.1", "100.128.0.1", "11.0.0.1"]) {
      assert.equal(await turn.permission(address), undefined, address);
    }
  });
});
