import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import WebSocket from "ws";
import { everything, offerSdp, type Rig, startRig } from "../../../test/web-rig.ts";
import type { Grant } from "../../identity/policy.ts";
import { AsyncQueue } from "../../util/queue.ts";
import type { HubMessage } from "./messages.ts";

/** Somebody of a program that shows a token of Anna's. */
function asker(
  rig: Rig,
  token: string,
  who?: { readonly id: string; readonly name: string; readonly grants?: Grant[] },
) {
  const named = who && { "x-doorward-for": encodeURIComponent(JSON.stringify(who)) };
  const headers = { authorization: `Bearer ${token}`, ...named };
  const call = (method: string, path: string, body: unknown = {}) => rig.call(method, path, { headers, body });
  return {
    call,
    get: (path: string) => rig.call("GET", path, { headers }),
    offer: async (path: string) => {
      const answer = await rig.call("POST", path, {
        headers: { ...headers, "content-type": "application/sdp" },
        body: offerSdp,
      });
      assert.equal(answer.status, 201, answer.text);
      return (answer.headers.get("location") ?? "").split("/").at(-1) ?? "";
    },
    page: async () => {
      const socket = new WebSocket(`${rig.url.replace("http", "ws")}api/v1/events`, { headers });
      const told = new AsyncQueue<HubMessage>({ max: 1000 });
      socket.on("message", (data) => told.push(JSON.parse(String(data)) as HubMessage));
      await once(socket, "open");
      const messages = told[Symbol.asyncIterator]();
      const next = async <Type extends HubMessage["type"]>(type: Type) => {
        for (let step = await messages.next(); !step.done; step = await messages.next()) {
          if (step.value.type === type) return step.value as Extract<HubMessage, { type: Type }>;
        }
        throw new Error(`the socket closed before ${type}`);
      };
      return { next, say: (message: unknown) => socket.send(JSON.stringify(message)) };
    },
  };
}

async function house(devices: Record<string, string> = { front: "fake://x/?video&speaker" }) {
  const rig = await startRig(devices);
  const anna = await rig.person({ name: "Anna", administrator: true });
  const { secret } = await rig.identity.credentials.makeToken(anna.id, { name: "t", grants: everything });
  return { rig, anna, token: secret };
}

describe("those for whom a program asks with its token", () => {
  it("are told apart at the floor, and by name with the token's owner beside it", async () => {
    const { rig, token } = await house();
    await using _ = rig;
    const ben = asker(rig, token, { id: "b1", name: "Ben (Root)" });
    const cleo = asker(rig, token, { id: "c1", name: "Cleo" });
    const [bens, cleos] = [await ben.page(), await cleo.page()];
    bens.say({ type: "talk-take", turn: 1, to: "device:front", voice: await ben.offer("/voice") });
    assert.equal((await bens.next("talk")).state, "granted");
    const voice = await cleo.offer("/voice");
    cleos.say({ type: "talk-take", turn: 1, to: "device:front", voice });
    const refused = await cleos.next("talk");
    assert.equal(refused.state, "refused");
    assert.equal("holder" in refused && refused.holder?.name, "Ben Root (Anna)");
    // Nobody speaks with another's microphone.
    bens.say({ type: "talk-take", turn: 2, to: "device:front", voice });
    assert.equal((await bens.next("talk")).state, "failed");
    const session = (await cleo.get("/api/v1/session")).json as { user?: { name: string }; askedFor?: string };
    assert.deepEqual([session.user?.name, session.askedFor], ["Cleo (Anna)", "c1"]);
  });

  it("are told what they may do, and not what the token's owner may", async () => {
    const { rig, token } = await house();
    await using _ = rig;
    const session = async (grants?: Grant[]) => {
      const who = { id: "b1", name: "Ben", ...(grants && { grants }) };
      const { json } = await asker(rig, token, who).get("/api/v1/session");
      return json["user"] as { readonly administrator: boolean; readonly grants: readonly Grant[] };
    };
    const front: Grant[] = [{ scope: "device:front", rights: ["view", "listen"] }];
    const ben = await session(front);
    assert.deepEqual([ben.administrator, ben.grants], [false, front]);
    assert.deepEqual((await session([])).grants, []);
    const all = await session();
    assert.equal(all.administrator, false);
    assert.ok(all.grants.some(({ scope, rights }) => scope === "*" && rights.includes("view")));
  });

  it("are told how it goes with their microphones, and so is the program, but no other of its people", async () => {
    const { rig, token } = await house();
    await using _ = rig;
    const ben = asker(rig, token, { id: "b1", name: "Ben" });
    const cleo = asker(rig, token, { id: "c1", name: "Cleo" });
    const [program, bens, cleos] = [await asker(rig, token).page(), await ben.page(), await cleo.page()];
    const session = await ben.offer("/whep/front?talk=auto");
    rig.webrtc.viewers.at(-1)?.say({ data: new Uint8Array(40), timestampUs: 0, key: true, durationUs: 20_000 });
    for (const line of [program, bens]) {
      const { session: whose, state } = await line.next("microphone");
      assert.deepEqual([whose, state], [session, "granted"]);
    }
    await cleo.offer("/whep/front?talk=auto");
    rig.webrtc.viewers.at(-1)?.say({ data: new Uint8Array(40), timestampUs: 0, key: true, durationUs: 20_000 });
    const first = await cleos.next("microphone");
    assert.deepEqual([first.state, "holder" in first && first.holder?.name], ["refused", "Ben (Anna)"]);
  });

  it("may do less than the token if the program says so, and never more", async () => {
    const { rig, anna, token } = await house({ front: "fake://x/?video&speaker", yard: "fake://x/?video&speaker" });
    await using _ = rig;
    const looks: Grant[] = [{ scope: "device:front", rights: ["view"] }];
    const ben = asker(rig, token, { id: "b1", name: "Ben", grants: looks });
    const { devices } = await (await ben.page()).next("devices");
    assert.deepEqual(
      devices.map(({ id, rights }) => [id, rights.join()]),
      [["front", "view"]],
    );
    assert.equal((await ben.call("POST", "/api/v1/devices/front/ring")).status, 404);
    const narrow = await rig.identity.credentials.makeToken(anna.id, { name: "n", grants: looks });
    const wide = asker(rig, narrow.secret, { id: "b1", name: "Ben", grants: [...everything] });
    assert.equal((await (await wide.page()).next("devices")).devices.length, 1);
  });

  it("ring each for themselves; when one has answered, the other is told who did", async () => {
    const { rig, token } = await house({ front: "fake://x/?video&speaker" });
    await using _ = rig;
    const ben = asker(rig, token, { id: "b1", name: "Ben" });
    const cleo = asker(rig, token, { id: "c1", name: "Cleo" });
    const [, cleos] = [await ben.page(), await cleo.page()];
    assert.equal((await ben.call("POST", "/api/v1/devices/front/ring")).status, 200);
    const { call } = await cleos.next("call");
    assert.deepEqual(
      call.rung.map(({ name }) => name),
      ["Ben (Anna)", "Cleo (Anna)"],
    );
    assert.equal((await ben.call("POST", `/api/v1/calls/${call.id}/answer`)).status, 200);
    for (;;) {
      const { call: now } = await cleos.next("call");
      if (now.state !== "answered") continue;
      assert.equal(now.answeredBy?.name, "Ben (Anna)");
      assert.notEqual(now.answeredBy?.party, now.you);
      return;
    }
  });

  it("cannot be named by whoever shows no token, and not wrongly", async () => {
    const { rig, anna, token } = await house();
    await using _ = rig;
    const named = { "x-doorward-for": encodeURIComponent(JSON.stringify({ id: "b", name: "Ben" })) };
    assert.equal((await rig.call("GET", "/api/v1/devices", { as: anna, headers: named })).status, 400);
    for (const header of ["%", "{}", encodeURIComponent('{"id":"a b","name":"x"}')]) {
      const headers = { authorization: `Bearer ${token}`, "x-doorward-for": header };
      assert.equal((await rig.call("GET", "/api/v1/devices", { headers })).status, 400, header);
    }
    assert.equal((await rig.call("GET", "/api/v1/devices", { headers: named })).status, 401);
  });
});
