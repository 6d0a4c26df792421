/** Viewers by other people's WebRTC: Python's aiortc and GStreamer's webrtcbin, over IPv4 and IPv6, at both children. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { createWebRtcWorker } from "../../src/workers/webrtc/index.ts";
import { engines } from "../e2e/webrtc-engines.ts";
import { numberedClip, playClip, toneClip } from "../e2e/webrtc-media.ts";
import { type ForeignViewerKind, startForeignViewer } from "../peers/webrtc-viewers.ts";

const timeout = 60_000;
const viewers: readonly ForeignViewerKind[] = ["aiortc", "gstreamer"];
const clip = numberedClip({ frames: 100, keyInterval: 50 });

/** The numbers count up, from wherever they began, and begin again after the last. */
function assertInARow(numbers: readonly number[]): void {
  const [first = 0] = numbers;
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => (first + i) % clip.frames.length),
  );
}

for (const engine of engines) {
  describe(engine, () => {
    for (const kind of viewers) {
      for (const address of ["127.0.0.1", "::1"]) {
        it(`${kind} at ${address} sees each picture, in order, and hears`, { timeout }, async () => {
          using video = playClip(clip, "cam/main/video");
          using audio = playClip(await toneClip("opus", 500), "cam/main/audio");
          await using worker = createWebRtcWorker({
            clock: systemClock,
            log: silentLog,
            announceAddresses: ["::1"],
            engine,
          });
          await using viewer = await startForeignViewer(kind, address);
          assert.ok(viewer.offerSdp.includes(` ${address} `), "it has no other address");
          await using seen = await worker.view({
            offerSdp: viewer.offerSdp,
            video: video.track,
            audio: audio.track,
            acceptMicrophone: true,
          });
          const heard = Promise.withResolvers<void>();
          let packets = 0;
          using _ = seen.onMicrophone(() => {
            if (++packets === 25) heard.resolve();
          });
          viewer.accept(seen.answerSdp);
          await viewer.until(60, 60);
          assertInARow(viewer.numbers);
          if (kind === "aiortc") await heard.promise; // the other one only listens
        });
      }
    }
  });
}
