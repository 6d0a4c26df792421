import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "./hub-rig.ts";
import { openTalkPeer, share, type TalkPeer } from "./talk-peer.ts";
import { startYooseeHub, type YooseeHub } from "./talk-rig.ts";

// Runs quietly: listens for each second of sound.

const rateHz = 8000;
const suite = new AsyncDisposableStack();
let hub: YooseeHub;
let peers: readonly TalkPeer[];

const holder = () => hub.rig.running.hub.turns.holder("yard").holder;
const tone = (n: number) => 400 + n * 150;

before(async () => {
  hub = suite.use(await startYooseeHub());
  await hub.rig.running.converter.available();
  const opening = Array.from({ length: 10 }, (_, n) => openTalkPeer(hub.rig, { device: "yard", toneHz: tone(n) }));
  peers = await Promise.all(opening);
  for (const peer of peers) suite.use(peer);
});

after(() => suite.disposeAsync());

/** The second of sound that the camera plays from now on. */
async function heardNow(): Promise<Int16Array> {
  const { playout } = hub.camera;
  const from = playout.played().length;
  await until("a second was played", async () => playout.played().length >= from + rateHz * 1.3);
  return playout.played().subarray(from + rateHz * 0.3, from + rateHz * 1.3);
}

async function untilSilent(): Promise<void> {
  await until("nobody holds it", async () => !holder());
  await until("the camera is silent", async () => hub.camera.playout.leadMs === 0 && !hub.camera.decoderOpen);
}

describe("several who want to speak through one camera", () => {
  it("exactly one of ten is granted and heard; the others are told at once who it is", {
    timeout: 60_000,
  }, async (t) => {
    const refusedMs: number[] = [];
    for (let round = 0; round < 3; round++) {
      const order = peers.map((_, n) => peers[(n + round * 3) % peers.length] as TalkPeer);
      const answers = await Promise.all(order.map(async (peer) => ({ peer, ...(await peer.take()) })));
      const granted = answers.filter(({ message }) => message.state === "granted");
      const refused = answers.filter(({ message }) => message.state === "refused");
      assert.deepEqual([granted.length, refused.length], [1, 9]);
      for (const { message, tookMs } of refused) {
        assert.equal("reason" in message && message.reason, "held");
        assert.equal("holder" in message && message.holder?.turnId, holder()?.turnId);
        refusedMs.push(tookMs);
      }
      const sound = await heardNow();
      for (const peer of peers) {
        const part = share(sound, { toneHz: peer.toneHz, rateHz });
        if (peer === granted[0]?.peer) assert.ok(part > 0.7, `the winner's part is ${part}`);
        else assert.ok(part < 0.05, `the part of one who was refused is ${part}`);
      }
      granted[0]?.peer.release();
      await granted[0]?.peer.next();
      await untilSilent();
    }
    const worst = Math.max(...refusedMs);
    t.diagnostic(`${refusedMs.length} refusals, slowest ${worst.toFixed(1)} ms`);
    assert.ok(worst < 250, `${worst} ms`);
  });

  it("an emergency cuts in, but only by whoever may call everybody", { timeout: 60_000 }, async () => {
    const [benCookie, cleoCookie] = [
      await hub.rig.person("Ben", ["view", "talk"]),
      await hub.rig.person("Cleo", ["view", "talk", "page"]),
    ];
    await using ben = await openTalkPeer(hub.rig, { device: "yard", toneHz: 2000, cookie: benCookie });
    await using cleo = await openTalkPeer(hub.rig, { device: "yard", toneHz: 2500, cookie: cleoCookie });
    const [anna] = peers as readonly [TalkPeer];
    assert.equal((await anna.take()).message.state, "granted");
    assert.ok(share(await heardNow(), { toneHz: anna.toneHz, rateHz }) > 0.7);
    const refused = (await ben.take(2)).message;
    assert.equal(refused.state, "refused");
    assert.equal("holder" in refused && refused.holder?.name, "Anna");
    assert.equal((await cleo.take(2)).message.state, "granted");
    const cut = await anna.next();
    assert.equal(cut.state, "pre-empted");
    assert.equal("holder" in cut && cut.holder?.name, "Cleo");
    const sound = await heardNow();
    assert.ok(share(sound, { toneHz: cleo.toneHz, rateHz }) > 0.7);
    assert.ok(share(sound, { toneHz: anna.toneHz, rateHz }) < 0.05);
    cleo.release();
    await cleo.next();
    await untilSilent();
    assert.equal((await hub.rig.call("PATCH", "api/v1/devices/yard", { doNotDisturb: true })).status, 200);
    const quiet = (await ben.take()).message;
    assert.deepEqual([quiet.state, "reason" in quiet && quiet.reason], ["refused", "do-not-disturb"]);
    assert.deepEqual((await cleo.take(1)).message.state, "refused");
    assert.equal((await cleo.take(2)).message.state, "granted");
    assert.ok(share(await heardNow(), { toneHz: cleo.toneHz, rateHz }) > 0.7);
    cleo.release();
  });
});
