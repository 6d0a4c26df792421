import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { type Person, type Rig, startRig } from "../../../test/web-rig.ts";
import { request } from "../../util/node-http.ts";
import { type BrowserKeys, browserKeys } from "./browser-fake.ts";
import { Push, type PushMessage } from "./push.ts";
import { outcomeOf, type PushPost } from "./send.ts";
import { Subscriptions } from "./subscriptions.ts";
import { openVapidKey } from "./vapid.ts";

const subject = "mailto:anna@home.example";
const endpoint = "https://push.example/anna";

interface Taken {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly message: PushMessage;
}

/** A push service on this machine: it answers as told, and reads what it takes as the browser would. */
async function pushService(browser: BrowserKeys) {
  const taken: Taken[] = [];
  const waiting = new Set<() => void>();
  const answer = { status: 201 };
  const server = createServer(async (asked, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of asked) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    taken.push({ headers: asked.headers, message: JSON.parse(browser.decrypt(body)) as PushMessage });
    reply.writeHead(answer.status).end();
    for (const look of waiting) look();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const post: PushPost = ({ headers, body }) =>
    new Promise((resolve) => {
      const sent = request({ host: "127.0.0.1", port, method: "POST", path: "/anna", headers }, (reply) => {
        reply.resume();
        resolve(outcomeOf(reply.statusCode ?? 0));
      });
      sent.on("error", (error) => resolve({ state: "failed", why: error.message }));
      sent.end(body);
    });
  const count = async (wanted: number) => {
    while (taken.length < wanted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add(resolve);
      await promise;
      waiting.delete(resolve);
    }
  };
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { taken, answer, post, count, [Symbol.asyncDispose]: close };
}

/** A house with a door and Anna, whose phone takes notifications and whose page is closed. */
async function house() {
  const owned = new AsyncDisposableStack();
  const rig = owned.use(await startRig({ front: "fake://x/?video" }, { push: { subject } }));
  await rig.person({ name: "Root", administrator: true });
  const person = (name: string) => rig.person({ name, grants: [{ scope: "device:front", rights: ["view", "talk"] }] });
  const anna = await person("Anna");
  const ben = await person("Ben");
  const browser = browserKeys();
  const service = owned.use(await pushService(browser));
  const { hub } = rig;
  const subscriptions = new Subscriptions(hub.identity.store);
  const key = await openVapidKey(hub.identity);
  const push = owned.use(new Push({ hub, subscriptions, key, subject, post: service.post }));
  const keys = { p256dh: browser.p256dh.toString("base64url"), auth: browser.auth.toString("base64url") };
  const body = { endpoint, keys, name: "Anna's phone" };
  const put = async () => {
    const added = await subscriptions.put(body, { userId: anna.id, nowMs: hub.clock.wallMs() });
    assert.ok(added);
    push.add(added);
    return added;
  };
  return {
    rig,
    anna,
    ben,
    service,
    subscriptions,
    push,
    key,
    body,
    put,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const ring = (rig: Rig, as: Person) => rig.call("POST", "/api/v1/devices/front/ring", { as, body: {} });

describe("notifications", () => {
  it("ring somebody whose page is closed, and are replaced by who answered", async () => {
    await using at = await house();
    const { rig, ben, anna, service, subscriptions } = at;
    await at.put();
    const beganMs = Date.now();
    const call = String((await ring(rig, ben)).json["call"]);
    await service.count(1);
    const [rung] = service.taken;
    const untilMs = rung?.message.untilMs ?? 0;
    assert.deepEqual(
      { ...rung?.message, untilMs: 0 },
      { type: "ring", call, title: "front", text: "rings", untilMs: 0 },
    );
    assert.ok(untilMs >= beganMs + 45_000 && untilMs <= Date.now() + 45_000);
    assert.deepEqual([rung?.headers["ttl"], rung?.headers["urgency"]], ["45", "high"]);
    assert.equal(rung?.headers["content-encoding"], "aes128gcm");
    assert.match(String(rung?.headers["authorization"]), new RegExp(`^vapid t=.+, k=${at.key.publicKey}$`));
    const rings = rig.hub.calls.get(call)?.rung.find(({ party }) => party === `person:${anna.id}`);
    assert.equal(rings?.state, "told");
    await rig.call("POST", `/api/v1/calls/${call}/answer`, { as: ben });
    await service.count(2);
    const [, over] = service.taken;
    assert.deepEqual(over?.message, { type: "over", call, title: "front", text: "answered by Ben" });
    assert.equal(over?.headers["topic"], rung?.headers["topic"]);
    assert.match(String(over?.headers["topic"]), /^[\w-]{32}$/);
    assert.ok((subscriptions.of(anna.id)[0]?.takenMs ?? 0) >= beganMs);
  });

  for (const status of [404, 410]) {
    it(`are sent no more to a browser that is gone: ${status}`, () => gone(status));
  }

  async function gone(status: number): Promise<void> {
    await using at = await house();
    const one = await at.put();
    at.service.answer.status = status;
    assert.deepEqual(await at.push.test(one), { state: "gone" });
    await at.rig.identity.store.settled();
    assert.deepEqual(at.subscriptions.list(), []);
    const call = String((await ring(at.rig, at.ben)).json["call"]);
    const { rung } = at.rig.hub.calls.get(call) ?? { rung: [] };
    assert.ok(!rung.some(({ name }) => name === "Anna"));
    assert.equal(at.service.taken.length, 1);
  }

  it("that fail are told with the reason, and tried again the next time", async () => {
    await using at = await house();
    const one = await at.put();
    const beganMs = Date.now();
    at.service.answer.status = 503;
    assert.deepEqual(await at.push.test(one), { state: "failed", why: "the push service answered 503" });
    await at.rig.identity.store.settled();
    assert.equal(at.subscriptions.of(at.anna.id)[0]?.failed, "the push service answered 503");
    at.service.answer.status = 201;
    assert.deepEqual(await at.push.test(one), { state: "taken" });
    await at.rig.identity.store.settled();
    assert.equal(at.subscriptions.of(at.anna.id)[0]?.failed, undefined);
    const { json } = await at.rig.call("GET", "/api/v1/push", { as: at.anna });
    const [listed] = json["subscriptions"] as { takenMs?: number; failed?: string }[];
    assert.ok((listed?.takenMs ?? 0) >= beganMs, "everybody sees when each of theirs last took one");
    assert.equal(listed?.failed, undefined);
  });

  it("ring nobody who may not answer, or wants no ring", async () => {
    await using at = await house();
    await at.put();
    await at.rig.call("PATCH", "/api/v1/ringing", { as: at.anna, body: { doNotDisturb: true } });
    await ring(at.rig, at.ben);
    assert.deepEqual(at.service.taken, []);
  });
});

describe("browsers by the API", () => {
  it("are added, renewed, listed and taken away by their own person alone", async () => {
    await using at = await house();
    const { rig, anna, ben, body } = at;
    const add = (as: Person) => rig.call("POST", "/api/v1/push", { as, body });
    const first = await add(anna);
    assert.deepEqual([first.status, first.json["name"]], [200, "Anna's phone"]);
    assert.equal((await add(anna)).json["id"], first.json["id"]);
    const mine = await rig.call("GET", "/api/v1/push", { as: anna });
    assert.equal((mine.json["subscriptions"] as unknown[]).length, 1);
    assert.deepEqual([mine.json["available"], mine.json["key"]], [true, at.key.publicKey]);
    assert.ok(!mine.text.includes("push.example"));
    const path = `/api/v1/push/${String(first.json["id"])}`;
    assert.equal((await rig.call("DELETE", path, { as: ben })).status, 404);
    assert.equal((await rig.call("POST", `${path}/test`, { as: ben })).status, 404);
    // Whoever signs in at a browser next has it.
    await add(ben);
    assert.deepEqual((await rig.call("GET", "/api/v1/push", { as: anna })).json["subscriptions"], []);
    assert.equal((await rig.call("DELETE", path, { as: ben })).status, 204);
  });

  it("cannot be added where the hub does not say who runs it", async () => {
    await using rig = await startRig({});
    const root = await rig.person({ name: "Root", administrator: true });
    assert.equal((await rig.call("GET", "/api/v1/push", { as: root })).json["available"], false);
    const { p256dh, auth } = browserKeys();
    const keys = { p256dh: p256dh.toString("base64url"), auth: auth.toString("base64url") };
    const answer = await rig.call("POST", "/api/v1/push", { as: root, body: { endpoint, keys, name: "Phone" } });
    assert.deepEqual([answer.status, answer.json.code], [409, "push-refused"]);
  });
});
