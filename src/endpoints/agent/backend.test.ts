import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import { ManualClock } from "../../util/clock.ts";
import { Backend, type BackendState } from "./backend.ts";

/** What the backend does with one connection: an answer to the upgrade, or what happens to the socket. */
type Turn =
  | { readonly status: number; readonly body?: string; readonly location?: string }
  | { readonly ack?: true; readonly error?: string; readonly close?: number; readonly reason?: string };

/** A backend that follows a script, and an agent's connection to it whose waits end when the test says so. */
async function scripted(turns: Turn[]) {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  const open = new Set<WebSocket>();
  const hellos: Record<string, unknown>[] = [];
  server.on("upgrade", (request, socket, head) => {
    const turn = turns.shift() ?? { ack: true };
    if ("status" in turn) {
      const where = turn.location ? `location: ${turn.location}\r\n` : "";
      const body = turn.body ?? "";
      socket.end(
        `HTTP/1.1 ${turn.status} X\r\n${where}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      open.add(ws);
      ws.once("message", (data) => {
        hellos.push(JSON.parse(String(data)).payload);
        const tell = (type: string, payload: object) => ws.send(JSON.stringify({ type, payload }));
        if (turn.error) tell("error", { message: turn.error });
        if (turn.ack) tell("hello_ack", { device_id: "shed", server_time: "" });
        if (turn.close !== undefined) ws.close(turn.close, turn.reason);
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const clock = new ManualClock();
  const states: BackendState[] = [];
  const came = new EventTarget();
  const backend = new Backend({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws/device`,
    deviceId: "shed",
    name: undefined,
    token: undefined,
    claims: false,
    onMessage: () => {},
    onLost: () => {},
    onState: (state) => {
      states.push(state);
      came.dispatchEvent(new Event("state"));
    },
    clock,
    random: () => 1,
  });
  const stop = new AbortController();
  const running = backend.run(stop.signal);
  let seen = 0;
  return {
    clock,
    open,
    hellos,
    /** The next state; the wait of the one before is over by then. */
    next: async (): Promise<BackendState> => {
      while (seen >= states.length) {
        const timeout = AbortSignal.timeout(8000);
        await once(came, "state", { signal: timeout });
      }
      const state = states[seen++]!;
      return state;
    },
    /** Lets the wait go by that a state tells of. */
    wait: async (state: BackendState) => {
      await new Promise(setImmediate);
      if (state.state === "waiting") await clock.advance(state.retryMs);
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      for (const ws of open) ws.terminate();
      await running;
      server.close();
    },
  };
}

describe("an agent's connection to its backend", () => {
  it("is made again after 1 s, then twice that, at most a minute; anew only from an accepted hello", async () => {
    const gone = { close: 1001 };
    await using rig = await scripted([...Array.from({ length: 8 }, () => gone), { ack: true, close: 1000 }, gone]);
    const waits: number[] = [];
    for (let n = 0; n < 11; n++) {
      const state = await rig.next();
      if (state.state === "waiting") waits.push(state.retryMs / 1000);
      else waits.push(0);
      await rig.wait(state);
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60, 0, 1, 2]);
  });

  const refusals: readonly { readonly what: string; readonly turn: Turn; readonly says: RegExp }[] = [
    {
      what: "a name that is not allowed there",
      turn: { error: "device shed: is not set up as one that calls by agent", close: 1008, reason: "no" },
      says: /not set up as one that calls by agent/,
    },
    {
      what: "that it waits to be let in",
      turn: { error: "device shed: waits to be let in", close: 4003, reason: "device shed: waits" },
      says: /waits to be let in/,
    },
    {
      what: "a newer connection of the same name",
      turn: { ack: true, close: 4001, reason: "Replaced by a newer connection of this device" },
      says: /newer connection/,
    },
    {
      what: "an original backend that does not know it",
      turn: { close: 1008, reason: "Device not found" },
      says: /Device not found/,
    },
    {
      what: "a hub that is not set up",
      turn: { status: 403, body: '{"detail":"The hub is not set up yet."}' },
      says: /not set up yet/,
    },
    { what: "a wrong path", turn: { status: 404 }, says: /no backend for agents at this address/ },
    {
      what: "a name that the hub does not answer to",
      turn: { status: 421, body: '{"error":"The hub does not answer to this name"}' },
      says: /does not answer to this name/,
    },
    { what: "a wrong token", turn: { status: 401, body: "{}" }, says: /401/ },
    { what: "an address that moved", turn: { status: 301, location: "https://else.example/" }, says: /else\.example/ },
  ];
  for (const { what, turn, says } of refusals) {
    it(`tells ${what} once, and asks slowly from then on`, async () => {
      await using rig = await scripted([turn, turn, turn]);
      const told: string[] = [];
      for (let n = 0; n < 3; ) {
        const state = await rig.next();
        if (state.state === "connected") continue;
        n++;
        assert.equal(state.person, true);
        assert.ok(state.retryMs >= 30_000 && state.retryMs <= 60_000);
        if (state.news) told.push(state.why);
        await rig.wait(state);
      }
      const accepted = "ack" in turn;
      assert.equal(told.length, accepted ? 3 : 1, "each of those that were let in first is news");
      assert.match(told[0] ?? "", says);
    });
  }

  it("takes the place of no other agent that took its own, until it was let in again", async () => {
    const replaced = { ack: true, close: 4001, reason: "Replaced" } as const;
    await using rig = await scripted([
      replaced,
      { error: "taken", close: 4001 },
      { ack: true, close: 1001 },
      { ack: true },
    ]);
    for (let acks = 0; acks < 3; ) {
      const state = await rig.next();
      if (state.state === "connected") acks++;
      else await rig.wait(state);
    }
    assert.deepEqual(
      rig.hellos.map(({ yields }) => yields),
      [undefined, true, true, undefined],
    );
  });

  it("is asked for soon where nobody has to do anything: too much to do, a fault, nobody there", async () => {
    await using rig = await scripted([
      { status: 503 },
      { status: 429 },
      { status: 500 },
      { close: 1011, reason: "oh" },
    ]);
    for (const retryMs of [1000, 2000, 4000, 8000]) {
      const state = await rig.next();
      assert.ok(state.state === "waiting");
      assert.deepEqual([state.person, state.retryMs, state.news], [false, retryMs, true]);
      await rig.wait(state);
    }
  });

  it("is given up where the backend is silent for 90 s, and made again", async () => {
    await using rig = await scripted([{ ack: true }, { ack: true }]);
    assert.equal((await rig.next()).state, "connected");
    const [socket] = rig.open;
    const beats: string[] = [];
    socket?.on("message", (data) => beats.push(JSON.parse(String(data)).type));
    for (let s = 0; s < 4; s++) await rig.clock.advance(30_000);
    const lost = await rig.next();
    assert.equal(lost.state, "waiting");
    assert.ok(beats.length >= 2 && beats.every((type) => type === "heartbeat"));
    await rig.wait(lost);
    assert.equal((await rig.next()).state, "connected");
  });
});
