import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import WebSocket from "ws";
import { signallingPeer } from "../../../test/peers/signalling-peer.ts";
import { answerOf, offerOf, signallingHouse, watching } from "../../../test/signalling-house.ts";
import { startRig } from "../../../test/web-rig.ts";

/** How a connection that is refused is answered. */
async function refusalOf(url: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  const socket = new WebSocket(url, { headers });
  socket.on("error", () => {});
  const [, response] = await once(socket, "unexpected-response");
  socket.terminate();
  return (response as { statusCode?: number }).statusCode;
}

describe("signalling on the hub's own port", () => {
  it("is there unless told, and brings an agent and a viewer together", async () => {
    await using home = await signallingHouse({ hubPort: true });
    await home.rig.person({ name: "Root", administrator: true });
    const { agent, viewer, session } = await watching(home);
    viewer.say("signal_offer", offerOf(session));
    assert.deepEqual((await agent.next("signal_offer")).payload, offerOf(session));
    agent.say("signal_answer", answerOf(session));
    assert.deepEqual((await viewer.next("signal_answer")).payload, answerOf(session));
  });

  it("speaks TLS", async () => {
    await using rig = await startRig({}, { https: true, enrolment: "open" });
    await rig.person({ name: "Root", administrator: true });
    const url = new URL("/ws/device", rig.web.httpsUrl).href
      .replace("https:", "wss:")
      .replace("localhost", "127.0.0.1");
    const socket = new WebSocket(url, { ca: await (await fetch(`${rig.url}ca.crt`)).text() });
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "hello", payload: { device_id: "shed" } }));
    const [told] = await once(socket, "message");
    assert.equal(JSON.parse(String(told)).type, "hello_ack");
    socket.terminate();
  });

  it("answers the calls of the protocol by the token that they show, beside the hub's own", async () => {
    await using home = await signallingHouse({ hubPort: true });
    const root = await home.rig.person({ name: "Root", administrator: true });
    const account = { username: "ann", password: "long-enough" };
    const token = String((await home.post("/api/auth/register", account)).json["access_token"]);
    assert.equal((await home.post("/api/auth/login", { ...account, password: "wrong" })).status, 401);
    await home.post("/api/devices/register", { device_id: "Shed_1", device_name: "Shed" });
    await (await home.agent({ device_id: "Shed_1" })).next("hello_ack");
    const { code } = (await home.post("/api/pairing/generate?device_id=Shed_1", {})).json;
    assert.equal((await home.post("/api/devices/pair", { pairing_code: code }, token)).status, 200);
    const list = (await home.get("/api/devices", token)).json as unknown as { device_id: string }[];
    assert.deepEqual(
      list.map(({ device_id }) => device_id),
      ["shed-1"],
    );
    assert.equal((await home.get("/api/devices/Shed_1/status")).json["is_online"], true);
    assert.equal((await home.get("/api/devices/nowhere/status")).status, 404);
    assert.equal((await home.rig.call("GET", "/api/v1/devices", { as: root })).status, 200);
  });

  it("takes no token from an address unless the configuration says so", async () => {
    for (const tokenInQuery of [false, true]) {
      await using home = await signallingHouse({ hubPort: true, signalling: { tokenInQuery } });
      await home.rig.person({ name: "Root", administrator: true });
      const token = await home.token("ann");
      assert.equal((await home.get(`/api/devices?token=${token}`)).status, tokenInQuery ? 200 : 401);
      const viewer = await home.open(`/ws/viewer?token=${token}`);
      viewer.say("hello");
      if (tokenInQuery) await viewer.next("hello_ack");
      else assert.deepEqual(await viewer.closed, { code: 1008, reason: "Missing token" });
      const shown = await home.open("/ws/viewer", { authorization: `Bearer ${token}` });
      shown.say("hello");
      await shown.next("hello_ack");
    }
  });

  it("gives a page of another site nothing, and nobody anything for a cookie", async () => {
    await using home = await signallingHouse({
      hubPort: true,
      signalling: { origins: ["https://friend.example"] },
    });
    const { cookie } = await home.rig.person({ name: "Root", administrator: true });
    const ws = home.http.replace("http:", "ws:");
    for (const path of ["/ws/viewer", "/ws/device"]) {
      assert.equal(await refusalOf(`${ws}${path}`, { cookie, origin: "https://evil.example" }), 403);
      assert.equal(await refusalOf(`${ws}${path}`, { host: "evil.example" }), 421);
    }
    // A named site may watch; it is no device, and reaches nothing else.
    assert.equal(await refusalOf(`${ws}/ws/device`, { origin: "https://friend.example" }), 403);
    assert.equal(await refusalOf(`${ws}/api/v1/events`, { cookie, origin: "https://friend.example" }), 403);
    const friend = await home.open("/ws/viewer", { origin: "https://friend.example", cookie });
    friend.say("hello");
    assert.equal((await friend.closed).reason, "Missing token");
    const ask = (headers: HeadersInit, method = "GET") => fetch(`${home.http}/api/devices`, { method, headers });
    assert.equal((await ask({ cookie })).status, 401);
    assert.equal((await ask({ origin: "https://evil.example" })).status, 403);
    const named = await ask({
      origin: "https://friend.example",
      authorization: `Bearer ${await home.token("ann")}`,
    });
    assert.deepEqual([named.status, named.headers.get("access-control-allow-origin")], [200, "https://friend.example"]);
  });

  it("lets strangers of one address have so many connections, and agents that were let in as many as there are", async () => {
    await using home = await signallingHouse({ hubPort: true });
    await home.rig.person({ name: "Root", administrator: true });
    const peers = await Promise.all(Array.from({ length: 60 }, (_, n) => home.agent({ device_id: `cam-${n}` })));
    await Promise.all(peers.map((peer) => peer.next("hello_ack")));
    const before = home.rig.web.app.sockets.strangersFrom("127.0.0.1");
    const strangers = await Promise.all(Array.from({ length: 20 }, () => home.open("/ws/device")));
    assert.equal(home.rig.web.app.sockets.strangersFrom("127.0.0.1"), before + 20);
    assert.equal(strangers.length, 20);
  });

  it("is left to those who close it: the hub's end closes every connection with its code", async () => {
    const home = await signallingHouse({ hubPort: true });
    await home.rig.person({ name: "Root", administrator: true });
    const peer = await signallingPeer(`${home.http.replace("http:", "ws:")}/ws/device`, { hello: { device_id: "a" } });
    await peer.next("hello_ack");
    await home[Symbol.asyncDispose]();
    assert.equal((await peer.closed).code, 1001);
  });
});
