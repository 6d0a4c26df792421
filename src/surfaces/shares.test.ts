import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { describe, it } from "node:test";
import WebSocket from "ws";
import { offerSdp, type Person, type Rig, startRig } from "../../test/web-rig.ts";
import { ManualClock } from "../util/clock.ts";

const word = "correct horse";
/** `dead` accepts and says nothing; `front` is live. */
const house = { dead: "fake://x/?silent", front: "fake://x/?video" };

const watch = (rig: Rig, as: Person, id: string) =>
  rig.call("POST", `/whep/${id}`, { as, headers: { "content-type": "application/sdp" }, body: offerSdp });
const still = (rig: Rig, as: Person, id: string, width: number) =>
  rig.call("GET", `/api/v1/devices/${id}/snapshot?width=${width}`, { as });

async function people(rig: Rig) {
  await rig.person({ name: "Root", administrator: true });
  const grants = [{ scope: "*", rights: ["view" as const] }];
  const mallory = await rig.person({ name: "Mallory", grants });
  const anna = await rig.person({ name: "Anna", password: word, grants });
  return { mallory, anna };
}

interface Wish {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly payload?: string;
}

const offer = (id: string): Wish => ({
  method: "POST",
  url: `/whep/${id}`,
  headers: { "content-type": "application/sdp" },
  payload: offerSdp,
});

/** 1,000 wishes at once, without sockets, which have limits of their own. What waits is answered as the clock goes on. */
function flood(rig: Rig, as: Person, wish: (n: number) => Wish) {
  const answers: { readonly status: number; readonly code: unknown }[] = [];
  let more = Promise.withResolvers<void>();
  const all = Array.from({ length: 1000 }, async (_, n) => {
    const { method, url, headers, payload } = wish(n);
    const answer = await rig.web.app.fastify.inject({
      method,
      url,
      headers: { host: "localhost", cookie: as.cookie, "x-doorward": "1", ...headers },
      ...(payload !== undefined && { payload }),
    });
    answers.push({ status: answer.statusCode, code: (answer.json() as { code?: unknown }).code });
    more.resolve();
  });
  const first = async (count: number) => {
    while (answers.length < count) {
      more = Promise.withResolvers<void>();
      await more.promise;
    }
    return answers.slice(0, count);
  };
  return { first, done: Promise.all(all) };
}

describe("one person against everybody", () => {
  it("1,000 openings of a dead camera take no picture from another person", async () => {
    const clock = new ManualClock();
    await using rig = await startRig(house, { clock });
    const { anna, mallory } = await people(rig);
    const storm = flood(rig, mallory, () => offer("dead"));
    for (const refused of await storm.first(900)) {
      assert.deepEqual(refused, { status: 429, code: "too-many-viewers" });
    }
    assert.equal((await watch(rig, anna, "front")).status, 201);
    assert.equal((await still(rig, anna, "front", 320)).status, 200);
    await clock.advance(15_000);
    await storm.done;
    assert.equal((await watch(rig, mallory, "front")).status, 201, "given back at the end");
  });

  it("nor do 1,000 stills of it, of whatever sizes", async () => {
    const clock = new ManualClock();
    await using rig = await startRig(house, { clock });
    const { anna, mallory } = await people(rig);
    const url = (n: number) => `/api/v1/devices/dead/snapshot?width=${16 + (n % 100) * 16}`;
    const storm = flood(rig, mallory, (n) => ({ method: "GET", url: url(n) }));
    for (const refused of await storm.first(936)) assert.deepEqual(refused, { status: 429, code: "busy" });
    assert.equal((await still(rig, mallory, "front", 320)).status, 429, "their own share is used up");
    assert.equal((await still(rig, anna, "front", 320)).status, 200);
    assert.equal((await watch(rig, anna, "front")).status, 201);
    await clock.advance(15_000);
    await storm.done;
    assert.equal((await still(rig, mallory, "front", 640)).status, 200);
  });

  it("1,000 sockets of one person leave another's page, request and log-in theirs", async () => {
    await using rig = await startRig(house);
    const { anna, mallory } = await people(rig);
    const url = `${rig.url.replace("http", "ws")}api/v1/events`;
    const outcomes = new Map<string, number>();
    const sockets = Array.from({ length: 1000 }, () => {
      const socket = new WebSocket(url, { headers: { cookie: mallory.cookie } });
      const { promise, resolve } = Promise.withResolvers<string>();
      socket.on("open", () => resolve("open"));
      socket.on("unexpected-response", (_request, response) => resolve(String(response.statusCode)));
      socket.on("error", () => resolve("closed"));
      return { socket, outcome: promise };
    });
    for (const { outcome } of sockets) outcomes.set(await outcome, (outcomes.get(await outcome) ?? 0) + 1);
    assert.equal(outcomes.get("open"), 32, JSON.stringify([...outcomes]));
    const page = new WebSocket(url, { headers: { cookie: anna.cookie } });
    await once(page, "open");
    assert.equal((await watch(rig, anna, "front")).status, 201);
    const login = await rig.call("POST", "/api/v1/login", { body: { name: "Anna", password: word } });
    assert.equal(login.status, 200);
    for (const { socket } of [...sockets, { socket: page }]) socket.terminate();
  });

  it("a storm of log-ins from 200 addresses keeps nobody out: not a browser that was here before, nor a new one", async () => {
    await using rig = await startRig(house, { passwordCost: { N: 2048, r: 8, p: 1 } });
    await people(rig);
    const body = { name: "Anna", password: word };
    const before = await rig.call("POST", "/api/v1/login", { body });
    const browser = /doorward-browser=[^;]+/.exec(before.headers.getSetCookie().join("\n"))?.[0] ?? "";
    assert.match(browser, /sealed/);
    const storm = Array.from({ length: 200 }, (_, n) => logInFrom(rig, `127.0.${1 + (n >> 6)}.${1 + (n & 63)}`, n));
    // Everybody in the storm is wrong once, and tries again.
    const known = await rig.call("POST", "/api/v1/login", { body, headers: { cookie: browser } });
    assert.equal(known.status, 200);
    const first = await Promise.all(storm);
    const second = Array.from({ length: 200 }, (_, n) => logInFrom(rig, `127.0.${1 + (n >> 6)}.${1 + (n & 63)}`, n));
    const fresh = await rig.call("POST", "/api/v1/login", { body });
    assert.equal(fresh.status, 200, fresh.text);
    const statuses = new Set([...first, ...(await Promise.all(second))]);
    assert.deepEqual([...statuses].sort(), [401, 429]);
  });
});

/** A wrong password for one of many names, from an address of 127.0.0.0/8; answers the status. */
function logInFrom(rig: Rig, localAddress: string, n: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(new URL("/api/v1/login", rig.url), {
      method: "POST",
      agent: false,
      localAddress,
      headers: { "content-type": "application/json", "x-doorward": "1" },
    });
    outgoing.on("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on("error", reject);
    outgoing.end(JSON.stringify({ name: `somebody ${n}`, password: "wrong" }));
  });
}
