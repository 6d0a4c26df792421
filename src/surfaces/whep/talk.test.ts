import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { everything, offerSdp, type Rig, startRig } from "../../../test/web-rig.ts";
import { configSchema } from "../../config.ts";
import { ManualClock } from "../../util/clock.ts";
import type { ViewingTalk } from "../webrtc/viewings.ts";

const sdp = { "content-type": "application/sdp", "x-doorward": "" };
const speaker = "fake://x/?video&speaker";

/** A hub whose clock stands still, and whatever is told about talks by sound. */
async function house(longestTalkS?: number) {
  const clock = new ManualClock();
  const rig = await startRig({ yard: speaker }, { clock });
  await rig.person({ name: "Root", administrator: true });
  if (longestTalkS !== undefined) rig.hub.follow(configSchema.parse({ devices: {}, floor: { longestTalkS } }));
  const demand = rig.hub.devices.get("yard")?.demand();
  const talks: ViewingTalk[] = [];
  const watch = rig.web.viewings.onTalk((talk) => talks.push(talk));
  const states = (name?: string) =>
    talks.filter(({ viewing }) => !name || viewing.principal.name === name).map(({ state }) => state.state);
  return {
    clock,
    rig,
    talks,
    states,
    holder: () => rig.hub.turns.holder("yard").holder?.name,
    [Symbol.asyncDispose]: async () => {
      watch[Symbol.dispose]();
      demand?.[Symbol.dispose]();
      await rig[Symbol.asyncDispose]();
    },
  };
}

type House = Awaited<ReturnType<typeof house>>;

/** Somebody who watches by WHEP with the floor by sound; `say` is 20 ms of them, a packet each. */
async function talker({ rig, clock }: House, name: string, path = "/whep/yard?talk=auto") {
  const headers = { ...sdp, authorization: `Bearer ${await tokenFor(rig, name)}` };
  const answer = await rig.call("POST", path, { headers, body: offerSdp });
  assert.equal(answer.status, 201, answer.text);
  const viewer = rig.webrtc.viewers.at(-1) ?? assert.fail();
  let n = 0;
  const say = async (packets = 1, bytes = 40) => {
    for (let i = 0; i < packets; i++) {
      const data = new Uint8Array(bytes).fill(++n);
      viewer.say({ data, timestampUs: clock.nowUs(), key: true, durationUs: 20_000 });
      await clock.advance(20);
      await new Promise(setImmediate);
    }
  };
  return { answer, viewer, say };
}

async function tokenFor(rig: Rig, name: string, grants = everything): Promise<string> {
  const { id } = await rig.identity.users.create({ name, administrator: false, grants: [...grants] });
  return (await rig.identity.credentials.makeToken(id, { name: "test", grants: [...grants] })).secret;
}

describe("the floor by sound of a WHEP session", () => {
  it("is taken by the first packet, given back after 500 ms without any, and taken again: start, stop, start", async () => {
    await using home = await house();
    const { say, answer } = await talker(home, "Anna");
    assert.equal(answer.headers.get("doorward-talk"), "auto");
    assert.equal(home.holder(), undefined);
    for (const round of [1, 2, 3]) {
      await say(5);
      assert.equal(home.holder(), "Anna");
      await home.clock.advance(460);
      assert.equal(home.holder(), "Anna");
      await home.clock.advance(60);
      assert.equal(home.holder(), undefined, `round ${round}`);
    }
    assert.deepEqual(home.states(), Array(3).fill(["granted", "released"]).flat());
    await home.clock.advance(2000);
    assert.equal(home.rig.camera.heard.length, 15, "nothing that was said is lost");
    assert.deepEqual(home.rig.camera.heard[0]?.data[0], 1);
    assert.equal(home.rig.identity.audit.list().filter(({ action }) => action === "talk").length, 3);
  });

  it("is refused while somebody else speaks, which is told once; then the last 300 ms come first", async () => {
    await using home = await house();
    const [anna, ben] = [await talker(home, "Anna"), await talker(home, "Ben")];
    await anna.say(2);
    // Anna falls silent; her floor ends 500 ms later, in the middle of what Ben says.
    await ben.say(40);
    assert.equal(home.holder(), "Ben");
    assert.deepEqual(home.states("Ben"), ["refused", "granted"]);
    const refused = home.talks.find(({ state }) => state.state === "refused")?.state;
    assert.ok(refused?.state === "refused" && refused.reason === "held" && "holder" in refused);
    assert.equal(refused.holder?.name, "Anna");
    const bens = home.rig.camera.heard.slice(2).map(({ data }) => data[0] ?? 0);
    assert.ok(bens.length > 0 && bens.length < 40);
    // Without a gap from the first that was kept to what he says now.
    assert.deepEqual(
      bens,
      Array.from({ length: bens.length }, (_, i) => (bens[0] ?? 0) + i),
    );
    const grantedAt = 25;
    assert.ok((bens[0] ?? 0) <= grantedAt + 5 - 14, `began with packet ${bens[0]}`);
    await home.clock.advance(600);
    await ben.say(1);
    assert.deepEqual(home.states("Ben").slice(2), ["released", "granted"]);
  });

  it("is not taken by silence, and not held by it for long", async () => {
    await using home = await house();
    const { say } = await talker(home, "Anna");
    await say(50, 3);
    assert.deepEqual([home.holder(), home.states().length], [undefined, 0]);
    await say(5);
    await say(50, 3);
    assert.equal(home.holder(), "Anna", "a pause in what is said is part of it");
    await say(90, 3);
    assert.equal(home.holder(), undefined);
  });

  it("goes to nobody who may not talk, and not by sound where that was not asked for", async () => {
    await using home = await house();
    const { rig } = home;
    const token = await tokenFor(rig, "Eve", [{ scope: "*", rights: ["view"] }]);
    const headers = { ...sdp, authorization: `Bearer ${token}` };
    const answer = await rig.call("POST", "/whep/yard?talk=auto", { headers, body: offerSdp });
    assert.deepEqual([answer.status, answer.headers.get("doorward-talk")], [201, "forbidden"]);
    assert.equal(rig.webrtc.viewers.at(-1)?.request.acceptMicrophone, false);
    const plain = await talker(home, "Anna", "/whep/yard");
    await plain.say(5);
    assert.equal(home.holder(), undefined);
    assert.equal((await rig.call("POST", "/whep/yard?talk=always", { headers, body: offerSdp })).status, 400);
  });

  it("ends with the session, and with the right to talk", async () => {
    await using home = await house();
    const anna = await talker(home, "Anna");
    await anna.say(2);
    anna.viewer.fail("disconnected");
    await anna.viewer.disposed;
    await home.clock.advance(600);
    assert.equal(home.holder(), undefined);
    const ben = await talker(home, "Ben");
    await ben.say(2);
    const { id } = home.rig.identity.users.byName("Ben") ?? assert.fail();
    await home.rig.identity.users.update(id, { grants: [{ scope: "*", rights: ["view"] }] });
    await ben.viewer.disposed;
    await home.clock.advance(600);
    assert.equal(home.holder(), undefined);
    assert.equal(home.rig.hub.voices.size, 0);
  });

  it("may speak again after a pause in what is heard, where an open microphone sends silence without one", async () => {
    await using home = await house(1);
    const { say } = await talker(home, "Anna");
    await say(60);
    assert.equal(home.holder(), undefined, "said too much");
    await say(20);
    assert.equal(home.holder(), undefined, "goes on, with no pause");
    await say(30, 3);
    assert.equal(home.holder(), undefined, "silence takes nothing");
    await say(3);
    assert.equal(home.holder(), "Anna");
  });
});

describe("a token at /whep/ and /whip/", () => {
  it("is taken as the password of Basic, by players that know nothing else", async () => {
    await using home = await house();
    const basic = (token: string) => `Basic ${Buffer.from(`x:${token}`).toString("base64")}`;
    const headers = { ...sdp, authorization: basic(await tokenFor(home.rig, "Anna")) };
    const answer = await home.rig.call("POST", "/whep/yard", { headers, body: offerSdp });
    assert.equal(answer.status, 201);
    const location = answer.headers.get("location") ?? "";
    assert.equal((await home.rig.call("DELETE", location, { headers })).status, 200);
    // Nowhere else: a browser would send it by itself.
    assert.equal((await home.rig.call("GET", "/api/v1/devices", { headers })).status, 401);
  });

  it("is asked for where there is none, or one that does not count", async () => {
    await using home = await house();
    for (const authorization of [
      undefined,
      "Bearer dwt_wrong",
      `Basic ${Buffer.from("x:dwt_wrong").toString("base64")}`,
    ]) {
      const headers = { ...sdp, ...(authorization && { authorization }) };
      const answer = await home.rig.call("POST", "/whep/yard", { headers, body: offerSdp });
      assert.deepEqual([answer.status, answer.json.code], [401, "signed-out"]);
      assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer realm="Doorward", Basic realm="Doorward"$/);
    }
  });

  it("is asked for from our own page without the browser's own question for a password", async () => {
    await using home = await house();
    const headers = { "content-type": "application/sdp", "x-doorward": "1" };
    const answer = await home.rig.call("POST", "/whep/yard", { headers, body: offerSdp });
    assert.deepEqual([answer.status, answer.headers.get("www-authenticate")], [401, "Bearer"]);
  });
});
