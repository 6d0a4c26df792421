/**
 * Ten thousand viewers come and go, at both children. Several minutes for each: so each thousand is a test of its own, which is shorter than
 * any one may take, and says that it is done before anybody takes the silence for a hang.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, it } from "node:test";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { createWebRtcWorker, type WebRtcWorker } from "../../src/workers/webrtc/index.ts";
import { engines } from "../e2e/webrtc-engines.ts";
import { numberedClip, playClip } from "../e2e/webrtc-media.ts";
import { weriftViewer } from "../e2e/webrtc-werift.ts";

const connects = 10_000;
const atOnce = 40;
const each = 1000;
/** A thousand take a quarter of a minute on a calm machine; `scripts/test.mjs` waits for 400 s, and 480 s for a word. */
const timeout = 300_000;

/** What a process holds: open descriptors, and kB in memory. */
function usage(pid: number) {
  const kb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
  return { descriptors: readdirSync(`/proc/${pid}/fd`).length, kb };
}

for (const engine of engines) {
  const held = new AsyncDisposableStack();
  let visit: () => Promise<void>;
  let worker: WebRtcWorker;
  let pid: number;
  let first: ReturnType<typeof usage>;
  after(() => held.disposeAsync());

  /** A thousand of them; a line says so at once, past the reporter, which may keep its own until the file ends. */
  const visits = async (upTo: number) => {
    for (let i = 0; i < each; i += atOnce) await Promise.all(Array.from({ length: atOnce }, visit));
    const now = usage(pid);
    process.stdout.write(`${engine}: after ${upTo} viewers ${JSON.stringify(now)}\n`);
    return now;
  };

  it(`${engine}: the first ${each} viewers come and go`, { timeout }, async () => {
    const video = held.use(playClip(numberedClip({ frames: 50, keyInterval: 5 }), "cam/main/video"));
    worker = held.use(createWebRtcWorker({ clock: systemClock, log: silentLog, engine }));
    visit = async () => {
      const seen = Promise.withResolvers<void>();
      await using peer = await weriftViewer({ setup: "active", onPacket: () => seen.resolve() });
      await using viewer = await worker.view({ offerSdp: peer.offerSdp, video: video.track, acceptMicrophone: false });
      await peer.accept(viewer.answerSdp);
      await seen.promise;
    };
    await visit();
    pid = worker.pid ?? assert.fail("it runs");
    first = await visits(each);
  });

  for (let upTo = 2 * each; upTo <= connects; upTo += each)
    it(`${engine}: nothing is left of ${upTo} viewers`, { timeout }, async () => {
      const now = await visits(upTo);
      assert.equal(worker.pid, pid, "it has not died");
      assert.ok(now.descriptors <= first.descriptors + 4);
      assert.ok(now.kb - first.kb < 8000, "it does not grow with those that were there");
    });

  it(`${engine}: and it ends`, { timeout }, () => held.disposeAsync());
}
