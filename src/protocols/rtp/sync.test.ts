import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { ntpTime } from "./ntp.ts";
import { RtpSync } from "./sync.ts";

const ntpOf = (ms: number) => ((3_900_000_000_000n + BigInt(Math.round(ms))) << 32n) / 1000n;

/**
 * A camera whose video reaches us `videoLateMs` after its sound of the same moment; how far apart (ms) the two lie on
 * hub time at the end. `videoNtpErrorMs` is how wrong the video's reports are.
 */
async function skew(options: { videoLateMs: number; reports: boolean; videoNtpErrorMs?: number; seconds?: number }) {
  const clock = new ManualClock();
  const sync = new RtpSync({ clock });
  const audio = sync.stream({ kind: "audio", clockRateHz: 8000 });
  const video = sync.stream({ kind: "video", clockRateHz: 90_000 });
  let apartUs = 0;
  let lastAudioUs = 0;
  let lastVideoUs = 0;
  const lateTicks = options.videoLateMs / 20;
  for (let tick = 0; tick < (options.seconds ?? 20) * 50; tick++) {
    const captureMs = tick * 20;
    const audioRtp = (captureMs * 8) >>> 0;
    const videoRtp = ((captureMs - options.videoLateMs) * 90 + 0xffff0000) >>> 0;
    if (options.reports && tick % 250 === 0) {
      audio.report({ ntp: ntpOf(captureMs), rtpTimestamp: audioRtp });
      video.report({
        ntp: ntpOf(captureMs - options.videoLateMs + (options.videoNtpErrorMs ?? 0)),
        rtpTimestamp: videoRtp,
      });
    }
    const audioUs = audio.map(audioRtp);
    assert.ok(audioUs >= lastAudioUs);
    lastAudioUs = audioUs;
    if (tick >= lateTicks && tick % 2 === 0) {
      const videoUs = video.map(videoRtp);
      assert.ok(videoUs >= lastVideoUs);
      lastVideoUs = videoUs;
      apartUs = videoUs - (audioUs - options.videoLateMs * 1000);
    }
    await clock.advance(20);
  }
  return apartUs / 1000;
}

test("sound and picture of one moment end up at one time, though one comes 300 ms later", async () => {
  assert.ok(Math.abs(await skew({ videoLateMs: 300, reports: true })) < 5);
  assert.ok(Math.abs((await skew({ videoLateMs: 300, reports: false })) - 300) < 5, "without reports arrival counts");
});

test("reports that cannot be true are not believed", async () => {
  const apart = await skew({ videoLateMs: 100, reports: true, videoNtpErrorMs: 3_600_000 });
  assert.ok(Math.abs(apart - 100) < 5);
});

test("the move is slow: a fifth of a second takes some seconds", async () => {
  const apart = await skew({ videoLateMs: 200, reports: true, seconds: 2 });
  assert.ok(apart > 80 && apart < 160, `${apart}`);
});

test("two reports say when each picture was taken, also before them and across a wrap", () => {
  const stream = new RtpSync({ clock: new ManualClock() }).stream({ kind: "video", clockRateHz: 90_000 });
  const report = (afterMs: number, rtpMs = afterMs) =>
    stream.report({
      ntp: ntpTime(1_800_000_000_500_000 + afterMs * 1000),
      rtpTimestamp: (0xffff_fff0 + rtpMs * 90) >>> 0,
    });
  stream.report({ ntp: 0n, rtpTimestamp: 5 });
  report(0);
  report(500);
  assert.equal(stream.capturedMs(0), undefined, "one clock alone says nothing, nor one report twice");
  report(5000);
  const after = stream.capturedMs((0xffff_fff0 + 9000) >>> 0) ?? 0;
  const before = stream.capturedMs((0xffff_fff0 - 9000) >>> 0) ?? 0;
  assert.ok(Math.abs(after - 1_800_000_000_600) < 0.01, `${after}`);
  assert.ok(Math.abs(before - 1_800_000_000_400) < 0.01, `${before}`);
  report(10_000, 15_000);
  assert.equal(stream.capturedMs(0), undefined, "the stream ran twice as fast as the clock");
  report(15_000, 20_000);
  assert.ok(stream.capturedMs(0), "the camera's clock was set, and runs on");
});

test("reports in every packet, as ONVIF's header extension has them, are judged over a second", () => {
  const stream = new RtpSync({ clock: new ManualClock() }).stream({ kind: "video", clockRateHz: 90_000 });
  const known = Array.from({ length: 40 }, (_, n) => {
    stream.report({ ntp: ntpTime(1_800_000_000_000_000 + n * 40_000), rtpTimestamp: n * 3600 });
    return stream.capturedMs(0) !== undefined;
  });
  assert.equal(known.indexOf(true), 25);
});
