/** Ten thousand viewers come and go, at both children. Several minutes for each. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { it } from "node:test";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { createWebRtcWorker } from "../../src/workers/webrtc/index.ts";
import { engines } from "../e2e/webrtc-engines.ts";
import { numberedClip, playClip } from "../e2e/webrtc-media.ts";
import { weriftViewer } from "../e2e/webrtc-werift.ts";

const connects = 10_000;
const atOnce = 40;

/** What a process holds: open descriptors, and kB in memory. */
function usage(pid: number) {
  const kb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
  return { descriptors: readdirSync(`/proc/${pid}/fd`).length, kb };
}

for (const engine of engines) {
  it(`${engine}: nothing is left of ${connects} viewers`, { timeout: 3_000_000 }, async (t) => {
    using video = playClip(numberedClip({ frames: 50, keyInterval: 5 }), "cam/main/video");
    await using worker = createWebRtcWorker({ clock: systemClock, log: silentLog, engine });
    const visit = async () => {
      const seen = Promise.withResolvers<void>();
      await using peer = await weriftViewer({ setup: "active", onPacket: () => seen.resolve() });
      await using viewer = await worker.view({
        offerSdp: peer.offerSdp,
        video: video.track,
        acceptMicrophone: false,
      });
      await peer.accept(viewer.answerSdp);
      await seen.promise;
    };
    const visits = async (count: number) => {
      for (let i = 0; i < count; i += atOnce) await Promise.all(Array.from({ length: atOnce }, visit));
    };
    await visits(connects / 10);
    const pid = worker.pid ?? assert.fail("it runs");
    const before = usage(pid);
    await visits(connects - connects / 10);
    const after = usage(pid);
    t.diagnostic(`after ${connects / 10}: ${JSON.stringify(before)}; after ${connects}: ${JSON.stringify(after)}`);
    assert.equal(worker.pid, pid, "it has not died");
    assert.ok(after.descriptors <= before.descriptors + 4);
    assert.ok(after.kb - before.kb < 8000, "it does not grow with those that were there");
  });
}
