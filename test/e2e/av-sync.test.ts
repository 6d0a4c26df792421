import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { joinAnnexB } from "../../src/codecs/annexb.ts";
import { decodeG711 } from "../../src/codecs/g711/index.ts";
import { createOpusDecoder } from "../../src/codecs/opus/index.ts";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import { createDepacketizer } from "../../src/protocols/rtp/depacketize.ts";
import type { RtpPacket } from "../../src/protocols/rtp/packet.ts";
import { clicks, flashes, periodMs, pictureOf } from "./flash-and-click.ts";
import { type HubRig, startRig } from "./hub-rig.ts";
import { watchHub } from "./hub-viewer.ts";
import { WallClock } from "./wall-clock.ts";

// Runs alone: measures how far sound and picture are apart.

/** Most that sound and picture may be apart. */
const limitMs = 80;
/** How long the camera's encoder of pictures takes: sound comes so much earlier, and its reports say so. */
const lagMs = 200;
/** That is made up for at 5 % of real time, so that nobody sees it. */
const settledMs = (lagMs - limitMs) / 0.05 + 1500;
const pairs = 3;

/** Tells the timestamp at which each sound begins that follows half a second of silence. */
function onsets(rateHz: number, tell: (timestamp: number) => void) {
  let silentSamples = 0;
  return (pcm: Uint8Array, timestamp: number): void => {
    const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
    for (let i = 0; i < pcm.byteLength / 2; i++) {
      const loud = Math.abs(view.getInt16(i * 2, true)) > 3000;
      if (loud && silentSamples > rateHz / 2) tell((timestamp + i) >>> 0);
      silentSamples = loud ? 0 : silentSamples + 1;
    }
  };
}

/** By how many ms each click comes after its flash, by the viewer's clock, once the two have had time to meet. */
async function offsets(rig: HubRig, codec: string): Promise<number[]> {
  using opus = await createOpusDecoder({ sampleRateHz: 48_000, channels: 1 });
  const white = pictureOf(flashes().accessUnits[0] ?? new Uint8Array());
  const depacketizer = createDepacketizer({ codec: "h264", clockRateHz: 90_000 });
  const [flashed, clicked]: [number[], number[]] = [[], []];
  const wall = { video: new WallClock(90_000), audio: new WallClock(codec === "pcmu" ? 8000 : 48_000) };
  const enough = Promise.withResolvers<void>();
  const startedMs = performance.now();
  const found = (list: number[], ms: number | undefined): void => {
    if (ms === undefined || performance.now() - startedMs < settledMs) return;
    list.push(ms);
    if (flashed.length > pairs && clicked.length > pairs) enough.resolve();
  };
  const hear = {
    opus: onsets(48_000, (timestamp) => found(clicked, wall.audio.at(timestamp))),
    pcmu: onsets(8000, (timestamp) => found(clicked, wall.audio.at(timestamp))),
  };
  const onPacket = (kind: string, packet: RtpPacket): void => {
    if (kind === "audio") {
      if (packet.payloadType === 0) hear.pcmu(decodeG711("pcmu", packet.payload), packet.timestamp);
      else hear.opus(opus.decode(packet.payload), packet.timestamp);
      return;
    }
    for (const unit of depacketizer.push(packet)) {
      if (pictureOf(joinAnnexB(unit.nals)).equals(white)) found(flashed, wall.video.at(unit.timestamp));
    }
  };
  await using viewer = await watchHub(rig, "cam", {
    onPacket,
    onReport: (kind, bytes) => wall[kind].report(bytes),
  });
  await enough.promise;
  assert.equal(viewer.connection.connectionState, "connected");
  return clicked.map((ms) => {
    const apart = flashed.map((flashMs) => ms - flashMs).toSorted((a, b) => Math.abs(a) - Math.abs(b));
    return apart[0] ?? Number.NaN;
  });
}

describe("sound and picture of a camera", { concurrency: 3 }, () => {
  for (const codec of ["aac", "pcm_s16le", "pcmu"] as const) {
    const how = codec === "pcmu" ? "as it is" : "converted to Opus";
    it(`${codec} ${how}: within ${limitMs} ms of each other at the viewer`, { timeout: 60_000 }, async (t) => {
      await using camera = await startFakeRtsp({ video: { ...flashes(), lagMs }, audio: clicks(codec) });
      await using rig = await startRig(`devices:\n  cam: ${camera.address}\n`);
      const apart = await offsets(rig, codec);
      t.diagnostic(`sound after picture: ${apart.map((ms) => ms.toFixed(1)).join(", ")} ms`);
      for (const ms of apart) assert.ok(Math.abs(ms) <= limitMs, `${ms} ms apart (of ${periodMs})`);
    });
  }
});
