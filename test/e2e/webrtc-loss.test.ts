import assert from "node:assert/strict";
import { it } from "node:test";
import type { ViewRequest, WebRtcWorker } from "../../src/media/viewer.ts";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { createWebRtcWorker } from "../../src/workers/webrtc/index.ts";
import { ffmpeg } from "../ffmpeg.ts";
import { type LossyRelay, startLossyRelay } from "./lossy-relay.ts";
import { engines } from "./webrtc-engines.ts";
import { playClip, videoClip } from "./webrtc-media.ts";
import { openPage } from "./webrtc-page.ts";

// Runs alone: a freeze must come from loss, not from another test.

/** Several packets a picture, as cameras have, and a key frame every 10 s only: what is not repaired would be seen for long. */
const clip = videoClip(
  ffmpeg(
    (
      "-f lavfi -i testsrc2=s=640x360:r=25,noise=alls=15:allf=t -frames:v 500 -pix_fmt yuv420p -c:v libx264 " +
      "-preset veryfast -tune zerolatency -g 250 -sc_threshold 0 -b:v 1500k -maxrate 1500k -bufsize 300k -f h264 -"
    ).split(" "),
  ),
  { codec: "h264", frameRate: 25 },
);

/** The worker as seen from the other side of the relay. */
function behind(relay: LossyRelay, worker: WebRtcWorker): WebRtcWorker {
  return {
    pid: worker.pid,
    engine: worker.engine,
    expect: () => worker.expect(),
    view: async (request: ViewRequest) => {
      const viewer = await worker.view(request);
      return Object.create(viewer, { answerSdp: { value: relay.reroute(viewer.answerSdp) } }) as typeof viewer;
    },
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  };
}

for (const engine of engines) {
  it(`Chromium sees no freeze with 10 % lost on the way, ${engine}`, { timeout: 60_000 }, async (t) => {
    using video = playClip(clip, "cam/main/video");
    using relay = await startLossyRelay(10);
    await using worker = createWebRtcWorker({ clock: systemClock, log: silentLog, engine });
    await using open = await openPage({ worker: behind(relay, worker), video: video.track });
    await open.connect();
    await open.page.waitForFunction(() => window.doorward.frames.length >= 50);
    const before = await open.page.evaluate(() => window.doorward.stats());
    relay.loss = 0.1;
    const from = await open.page.evaluate(() => window.doorward.frames.length);
    await open.page.waitForFunction((first) => window.doorward.frames.length >= first + 200, from);
    relay.loss = 0;
    await open.page.waitForFunction((first) => window.doorward.frames.length >= first + 230, from);
    const after = await open.page.evaluate(() => window.doorward.stats());
    const grew = (name: string) => (after[`video.${name}`] ?? 0) - (before[`video.${name}`] ?? 0);
    t.diagnostic(
      `lost ${relay.counters.lost} of ${relay.counters.lost + relay.counters.passed}, asked again for ` +
        `${grew("nackCount")}, key frames asked for ${grew("pliCount")}, freezes ${grew("freezeCount")}`,
    );
    assert.ok(relay.counters.lost > 10 && grew("nackCount") > 0, "packets were lost and asked for");
    assert.equal(grew("freezeCount"), 0);
    assert.equal(grew("pliCount"), 0);
  });
}
