import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SignallingPeer } from "../../../test/peers/signalling-peer.ts";
import { answerOf, offerOf, type SignallingHouse, signallingHouse } from "../../../test/signalling-house.ts";

const owned = (device_id: string) => ({ device_id, token: `dwd_${device_id}`, claims: true });

/** A device that an administrator let in, connected. */
async function letIn(home: SignallingHouse, id: string): Promise<SignallingPeer> {
  await (await home.agent(owned(id))).closed;
  await home.rig.hub.reception.approve(id, { by: "test" });
  const agent = await home.agent(owned(id));
  await agent.next("hello_ack");
  return agent;
}

/** A hub that lets in whom an administrator did; Ann's viewer and the device `shed` are in a session. */
async function scene() {
  const home = await signallingHouse({ open: false });
  const agent = await letIn(home, "shed");
  const barn = await letIn(home, "barn");
  const annsToken = await home.token("ann");
  const viewer = await home.viewer(annsToken);
  viewer.say("watch_request", { device_id: "shed" });
  const session = String((await viewer.next("watch_ready")).payload["session_id"]);
  await agent.next("watch_request");
  return { home, agent, barn, viewer, annsToken, session, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

type Scene = Awaited<ReturnType<typeof scene>>;

/** The messages about a session, of either end; what the other end says is none of one's own. */
const ofViewer = (session_id: string): readonly (readonly [string, object])[] => [
  ["signal_offer", offerOf(session_id)],
  ["signal_ice", { session_id, candidate: null }],
  ["end_watch", { session_id }],
];
const ofAgent = (session_id: string): readonly (readonly [string, object])[] => [
  ["signal_answer", answerOf(session_id)],
  ["signal_ice", { session_id, candidate: null }],
  ["end_watch", { session_id }],
];

/** A stranger to the session: how it connects, and which session it speaks of (the scene's unless told). */
interface Stranger {
  readonly who: string;
  readonly connect: (scene: Scene) => Promise<SignallingPeer>;
  readonly session?: (scene: Scene) => Promise<string> | string;
}

const connected = async (peer: Promise<SignallingPeer>) => {
  const one = await peer;
  await one.next("hello_ack");
  return one;
};

/** Somebody's session of the same device, whoever they are. */
async function watchesToo({ home, agent }: Scene, name: string): Promise<SignallingPeer> {
  const peer = await connected(home.viewer(await home.token(name)));
  peer.say("watch_request", { device_id: "shed" });
  await peer.next("watch_ready");
  await agent.next("watch_request");
  return peer;
}

const viewers: readonly Stranger[] = [
  { who: "another person", connect: async ({ home }) => connected(home.viewer(await home.token("bob"))) },
  {
    who: "a person who may see another device only",
    connect: async ({ home }) =>
      connected(home.viewer(await home.token("eve", [{ scope: "device:barn", rights: ["view"] }]))),
  },
  {
    who: "a person without any right",
    connect: async ({ home }) => connected(home.viewer(await home.token("eve", []))),
  },
  { who: "another tab of the same person", connect: ({ home, annsToken }) => connected(home.viewer(annsToken)) },
  { who: "a viewer of another session of the device", connect: (one) => watchesToo(one, "bob") },
  {
    who: "its own viewer, of a session that is over",
    connect: async ({ viewer }) => viewer,
    session: async ({ viewer, agent }) => {
      viewer.say("watch_request", { device_id: "shed" });
      const session_id = String((await viewer.next("watch_ready")).payload["session_id"]);
      await agent.next("watch_request");
      viewer.say("end_watch", { session_id });
      await agent.next("watch_ended");
      return session_id;
    },
  },
  {
    who: "its own viewer, of a session that it made up",
    connect: async ({ viewer }) => viewer,
    session: () => "00000000-0000-4000-8000-000000000000",
  },
];

const agents: readonly Stranger[] = [
  { who: "another device", connect: async ({ barn }) => barn },
  {
    who: "its own device, of a session that is over",
    connect: async ({ agent }) => agent,
    session: async ({ viewer, agent }) => {
      viewer.say("watch_request", { device_id: "shed" });
      const session_id = String((await viewer.next("watch_ready")).payload["session_id"]);
      await agent.next("watch_request");
      agent.say("end_watch", { session_id });
      await viewer.next("watch_ended");
      return session_id;
    },
  },
  {
    who: "its own device, of a session that it made up",
    connect: async ({ agent }) => agent,
    session: () => "00000000-0000-4000-8000-000000000000",
  },
];

/** Both ends go on in their session, and heard of nothing else. */
async function assertUntouched({ agent, viewer, session }: Scene): Promise<void> {
  const [toAgent, toViewer] = [agent.told.length, viewer.told.length];
  const foreign = [agent, viewer].flatMap(({ told }) =>
    told.filter(({ type, payload }) => payload["session_id"] === session && /^signal_|^watch_ended/.test(type)),
  );
  assert.deepEqual(foreign, []);
  viewer.say("signal_offer", offerOf(session, "v=0\r\nmine"));
  assert.deepEqual((await agent.next("signal_offer")).payload, offerOf(session, "v=0\r\nmine"));
  agent.say("signal_answer", answerOf(session));
  await viewer.next("signal_answer");
  assert.deepEqual([agent.told.length, viewer.told.length], [toAgent + 1, toViewer + 1]);
}

describe("a session of a camera agent", () => {
  for (const [strangers, messages] of [
    [viewers, ofViewer],
    [agents, ofAgent],
  ] as const) {
    for (const { who, connect, session } of strangers) {
      it(`takes no message from ${who}`, async () => {
        await using one = await scene();
        const peer = await connect(one);
        const about = (await session?.(one)) ?? one.session;
        for (const [type, payload] of messages(about)) {
          peer.say(type, payload, type);
          const refused = await peer.next("error");
          assert.deepEqual([refused.payload["code"], refused.request_id], ["no-session", type]);
          assert.equal(refused.payload["message"], "Session not found");
        }
        await assertUntouched(one);
      });
    }
  }

  it("takes the other end's messages from neither end", async () => {
    await using one = await scene();
    const { agent, viewer, session } = one;
    viewer.say("signal_answer", answerOf(session));
    agent.say("signal_offer", offerOf(session));
    agent.say("watch_request", { device_id: "barn" });
    for (const peer of [agent, viewer]) {
      for (const type of ["hello_ack", "watch_ready", "watch_ended", "heartbeat_ack"]) {
        peer.say(type, { session_id: session });
      }
      peer.say("heartbeat");
      await peer.next("heartbeat_ack");
    }
    assert.ok(one.barn.told.every(({ type }) => type !== "watch_request"));
    await assertUntouched(one);
  });
});

/** Everything that can be said on either path, about the scene's device and session. */
const everything = (session: string): readonly (readonly [string, object])[] => [
  ["heartbeat", {}],
  ["watch_request", { device_id: "shed" }],
  ["device_presence", { battery: 1 }],
  ["future_type", {}],
  ...ofViewer(session),
  ...ofAgent(session),
];

describe("a connection that nobody vouches for", () => {
  for (const path of ["/ws/device", "/ws/viewer"]) {
    it(`is closed with the first message at ${path} that is no hello`, async () => {
      await using one = await scene();
      for (const [type, payload] of everything(one.session)) {
        const peer = await one.home.open(path);
        peer.say(type, payload);
        assert.deepEqual(await peer.closed, { code: 1008, reason: "Expected hello message" });
        assert.deepEqual(peer.told, []);
      }
      await assertUntouched(one);
    });
  }

  for (const { who, path, hello, code, reason } of [
    { who: "a viewer without a token", path: "/ws/viewer", hello: {}, code: 1008, reason: /^Missing token$/ },
    { who: "a forged token", path: "/ws/viewer", hello: { token: "dwt_no" }, code: 1008, reason: /^Invalid token$/ },
    {
      who: "a device's token at the viewers",
      path: "/ws/viewer",
      hello: { token: "dwd_shed" },
      code: 1008,
      reason: /^Invalid token$/,
    },
    { who: "a device without a name", path: "/ws/device", hello: {}, code: 1008, reason: /^Missing device_id$/ },
    { who: "a device that waits", path: "/ws/device", hello: owned("new"), code: 4003, reason: /waits to be let in/ },
    {
      who: "the device's name without its token",
      path: "/ws/device",
      hello: { device_id: "shed" },
      code: 1008,
      reason: /^Invalid token$/,
    },
    {
      who: "the device's name with another's token",
      path: "/ws/device",
      hello: { device_id: "shed", token: "dwd_barn", claims: true },
      code: 1008,
      reason: /^Invalid token$/,
    },
    {
      who: "the name of a camera that is no agent",
      path: "/ws/device",
      hello: { device_id: "yard", token: "dwd_yard", claims: true },
      code: 4003,
      reason: /waits to be let in/,
    },
  ] as const) {
    it(`says all it likes in vain: ${who}`, async () => {
      await using one = await scene();
      const peer = await one.home.open(path);
      peer.say("hello", hello);
      // Right behind the hello, before it can have been answered.
      for (const [type, payload] of everything(one.session)) peer.say(type, payload);
      const closed = await peer.closed;
      assert.equal(closed.code, code);
      assert.match(closed.reason, reason);
      assert.ok(peer.told.every(({ type }) => type === "error"));
      await assertUntouched(one);
    });
  }

  it("a person's token makes nobody a device", async () => {
    await using one = await scene();
    const peer = await one.home.agent({ device_id: "shed", token: one.annsToken, claims: true });
    assert.deepEqual(await peer.closed, { code: 1008, reason: "Invalid token" });
    await assertUntouched(one);
  });
});

describe("a request to watch", () => {
  it("finds no device for whoever may not see it, whether it is there or not", async () => {
    await using one = await scene();
    const eve = await connected(
      one.home.viewer(await one.home.token("eve", [{ scope: "device:barn", rights: ["view"] }])),
    );
    for (const device_id of ["shed", "Shed", "yard", "nowhere", "__proto__", ""]) {
      eve.say("watch_request", { device_id }, device_id);
      const { payload, request_id } = await eve.next("error");
      assert.equal(request_id, device_id);
      assert.equal(payload["code"], device_id === "" ? "bad-message" : "not-found");
    }
    eve.say("watch_request", { device_id: "barn" });
    await eve.next("watch_ready");
    await assertUntouched(one);
  });

  it("is of no use any more when the token was taken away, or the device", async () => {
    await using one = await scene();
    const { home, viewer, agent, session } = one;
    const { id } = home.rig.identity.users.byName("ann") ?? assert.fail();
    const [token] = home.rig.identity.credentials.tokens(id);
    await home.rig.identity.users.endCredential({ userId: id, via: "token", id: token?.id ?? "" });
    assert.equal((await viewer.closed).code, 1008);
    assert.deepEqual((await agent.next("watch_ended")).payload, {
      session_id: session,
      reason: "viewer_disconnected",
    });
    const bob = await watchesToo(one, "bob");
    await home.rig.hub.reception.revoke("shed", "test");
    assert.equal((await agent.closed).code, 1008);
    assert.equal((await bob.next("watch_ended")).payload["reason"], "device_disconnected");
  });

  it("ends when the right to see the device was taken away", async () => {
    await using one = await scene();
    const { home, viewer, agent } = one;
    const { id } = home.rig.identity.users.byName("ann") ?? assert.fail();
    await home.rig.identity.users.update(id, { grants: [] });
    assert.equal((await viewer.closed).code, 1008);
    await agent.next("watch_ended");
    const again = await connected(home.viewer(one.annsToken));
    again.say("watch_request", { device_id: "shed" });
    assert.equal((await again.next("error")).payload["code"], "not-found");
  });
});
