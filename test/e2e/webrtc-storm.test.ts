import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Frame } from "../../src/media/frame.ts";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { createWebRtcWorker, type WebRtcWorker } from "../../src/workers/webrtc/index.ts";
import { engines } from "./webrtc-engines.ts";
import { type Clip, playClip, toneClip } from "./webrtc-media.ts";
import { weriftViewer } from "./webrtc-werift.ts";

const opusFormat = (await toneClip("opus", 440)).format;

/** Sound that says whose it is: each packet is the owner's number. */
const signed = (owner: number): Clip => ({
  format: opusFormat,
  frameUs: 20_000,
  frames: [{ data: Uint8Array.of(0xfc, 0x77, owner, owner ^ 0xff), key: true }],
});

const ownerOf = (packet: Uint8Array) =>
  packet[1] === 0x77 && packet[3] === (packet[2]! ^ 0xff) ? packet[2] : undefined;

/** Watches a track that is signed by `owner`, speaks with the same signature, and ends. */
async function visit(worker: WebRtcWorker, owner: number): Promise<void> {
  using audio = playClip(signed(owner), `cam-${owner}/main/audio`);
  const got: (number | undefined)[] = [];
  const heard: (number | undefined)[] = [];
  const enough = Promise.withResolvers<void>();
  const note = (list: (number | undefined)[], packet: Uint8Array) => {
    list.push(ownerOf(packet));
    if (got.length >= 10 && heard.length >= 10) enough.resolve();
  };
  await using peer = await weriftViewer({
    setup: owner % 3 === 0 ? "passive" : "active",
    onPacket: (_, { payload }) => note(got, payload),
  });
  await using viewer = await worker.view({ offerSdp: peer.offerSdp, audio: audio.track, acceptMicrophone: true });
  using _ = viewer.onMicrophone(({ data }: Frame) => note(heard, data));
  await peer.accept(viewer.answerSdp);
  await peer.connected;
  let sequence = 0;
  const timer = setInterval(() => {
    peer.speak({ sequence, timestamp: sequence * 960, payload: signed(owner).frames[0]!.data });
    sequence++;
  }, 20);
  await enough.promise;
  clearInterval(timer);
  assert.deepEqual([...new Set(got)], [owner], "what it sees is its own");
  assert.deepEqual([...new Set(heard)], [owner], "what the hub hears of it is its own");
}

for (const engine of engines) {
  describe(`many viewers at once, ${engine}`, () => {
    it("never get or give what is another's, while others come and go", { timeout: 120_000 }, async () => {
      await using worker = createWebRtcWorker({ clock: systemClock, log: silentLog, engine });
      const seats = Array.from({ length: 12 }, async (_, seat) => {
        for (let round = 0; round < 4; round++) await visit(worker, seat * 4 + round);
      });
      await Promise.all(seats);
    });

    it("hears the first packet of each of a hundred presses", { timeout: 60_000 }, async () => {
      await using worker = createWebRtcWorker({ clock: systemClock, log: silentLog, engine });
      using playing = playClip(signed(200), "cam/main/audio");
      await using peer = await weriftViewer({ setup: "active" });
      await using viewer = await worker.view({
        offerSdp: peer.offerSdp,
        audio: playing.track,
        acceptMicrophone: true,
      });
      await peer.accept(viewer.answerSdp);
      await peer.connected;
      let sequence = 65_500;
      for (let press = 0; press < 100; press++) {
        const first = Promise.withResolvers<Frame>();
        using _ = viewer.onMicrophone(first.resolve);
        const timer = setInterval(() => {
          const payload = Uint8Array.of(0xfc, 0x77, press, press ^ 0xff);
          peer.speak({ sequence: sequence & 0xffff, timestamp: sequence * 960, payload });
          sequence++;
        }, 20);
        const { data } = await first.promise;
        clearInterval(timer);
        assert.equal(ownerOf(data), press);
      }
    });
  });
}
