import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createOpusDecoder } from "../../src/codecs/opus/index.ts";
import type { Frame } from "../../src/media/frame.ts";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { createWebRtcWorker, type WebRtcWorker } from "../../src/workers/webrtc/index.ts";
import { ffmpeg } from "../ffmpeg.ts";
import { engines } from "./webrtc-engines.ts";
import { type Clip, numberedClip, type Playing, playClip, toneClip } from "./webrtc-media.ts";
import { openPage } from "./webrtc-page.ts";

// Runs alone: looks for freezes.

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** The tone that is played, and one that is not. */
const toneHz = 1000;
const otherHz = 3000;

/** The same pictures in two sizes, with a key frame every half second. */
const pictures = { frames: 75, keyInterval: 12 };
const largeClip = once(() => numberedClip({ ...pictures, times: 2 }));
const smallClip = once(() => numberedClip(pictures));

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

for (const engine of engines)
  describe(`Chromium as viewer, ${engine}`, () => {
    const held = new AsyncDisposableStack();
    let worker: WebRtcWorker;
    let slow: Clip;

    before(() => {
      worker = held.use(createWebRtcWorker({ clock: systemClock, log: silentLog, engine }));
      // A key frame every 10 s only.
      slow = numberedClip({ frames: 500, keyInterval: 250 });
    });
    after(() => held.disposeAsync());

    /** Waits until 60 pictures more have been shown and gives the delay of each from the hub's track to the screen, ms. */
    async function delays(page: Awaited<ReturnType<typeof openPage>>["page"], video: Playing): Promise<number[]> {
      await page.evaluate(() => void window.doorward.frames.splice(0));
      await page.waitForFunction(() => window.doorward.frames.length >= 60);
      const frames = await page.evaluate(() => window.doorward.frames);
      return frames.map(({ atMs, number }) => atMs - (video.writtenAtMs[number] ?? Number.NaN));
    }

    it("shows H.264 at once although key frames are 10 s apart, and plays it with no delay from then on", async (t) => {
      using video = playClip(slow, "cam/main/video");
      await using warm = await openPage({ worker, video: video.track });
      await warm.connect();
      await warm.page.waitForFunction(() => window.doorward.frames.length >= 50);
      // More than two seconds of pictures wait for this one.
      await using open = await openPage({ worker, video: video.track });
      await open.connect();
      await open.page.waitForFunction(() => window.doorward.firstFrameMs > 0);
      const firstMs = await open.page.evaluate(() => window.doorward.firstFrameMs);
      assert.ok(firstMs < 500, `offer to first frame: ${firstMs} ms`);
      await delays(open.page, video);
      const steady = await delays(open.page, video);
      assert.ok(median(steady) < 120, `from track to screen: ${median(steady)} ms`);
      const [left, right] = await open.page.evaluate(() => [
        window.doorward.pixel(50, 50),
        window.doorward.pixel(300, 50),
      ]);
      assert.ok(left![0]! > 200 && left![2]! < 60, `left is red: ${left}`);
      assert.ok(right![2]! > 200 && right![0]! < 60, `right is blue: ${right}`);
      t.diagnostic(`offer to first frame ${firstMs} ms, track to screen ${median(steady)} ms`);
    });

    for (const codec of ["opus", "pcmu", "pcma"] as const) {
      it(`hears ${codec}, in step with the picture`, async () => {
        using video = playClip(slow, "cam/main/video");
        using audio = playClip(await toneClip(codec, toneHz), "cam/main/audio");
        await using open = await openPage({ worker, video: video.track, audio: audio.track });
        const { page } = open;
        await open.connect();
        await page.waitForFunction(
          ([tone, other]) => window.doorward.level(tone!) > window.doorward.level(other!) + 40,
          [toneHz, otherHz],
        );
        const steady = await delays(page, video);
        assert.ok(median(steady) < 200, `the picture does not wait for the sound: ${median(steady)} ms`);
        // The browser moves the two towards each other step by step.
        await page.waitForFunction(async () => {
          const stats = await window.doorward.stats();
          const apartMs = stats["audio.estimatedPlayoutTimestamp"]! - stats["video.estimatedPlayoutTimestamp"]!;
          return Math.abs(apartMs) < 80;
        });
      });
    }

    it("is heard: its microphone's tone comes out of onMicrophone", async () => {
      const folder = mkdtempSync(join(tmpdir(), "doorward-"));
      using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
      const microphoneFile = join(folder, "tone.wav");
      ffmpeg(["-f", "lavfi", "-i", `sine=frequency=${toneHz}:sample_rate=48000:duration=5`, microphoneFile]);
      using video = playClip(slow, "cam/main/video");
      await using open = await openPage({ worker, video: video.track, microphoneFile });
      const viewer = await open.connect();
      const frames: Frame[] = [];
      const enough = Promise.withResolvers<void>();
      using listening = viewer.onMicrophone((frame) => {
        frames.push(frame);
        if (frames.length === 100) enough.resolve();
      });
      await enough.promise;
      listening[Symbol.dispose]();
      using decoder = await createOpusDecoder({ sampleRateHz: 48_000, channels: 1 });
      const sound = frames.slice(50).flatMap(({ data }) => [...samples(decoder.decode(data))]);
      assert.ok(energyAt(sound, toneHz) > 100 * energyAt(sound, otherHz));
    });

    it("turns to the small picture and back while it plays, without a gap, a freeze or anything lost", async (t) => {
      using large = playClip(largeClip(), "cam/main/video");
      using small = playClip(smallClip(), "cam/sub/video");
      await using open = await openPage({ worker, video: large.track });
      const viewer = await open.connect();
      const { page } = open;
      const shown = (widthPx: number) =>
        page.waitForFunction((width) => document.querySelector("video")?.videoWidth === width, widthPx);
      const more = (count: number) => page.waitForFunction((least) => window.doorward.frames.length >= least, count);
      await shown(720);
      await more(50);
      await page.evaluate(() => void window.doorward.frames.splice(0));
      for (const [track, widthPx] of [
        [small.track, 360],
        [large.track, 720],
        [small.track, 360],
      ] as const) {
        const before = await page.evaluate(() => window.doorward.frames.length);
        assert.equal(await viewer.show(track), true);
        await shown(widthPx);
        await more(before + 25);
      }
      assert.equal(large.track.readerCount, 0, "what is not shown is not sent to the worker");
      const frames = await page.evaluate(() => window.doorward.frames);
      const gapMs = Math.max(...frames.slice(1).map(({ atMs }, i) => atMs - frames[i]!.atMs));
      const stats = await page.evaluate(() => window.doorward.stats());
      t.diagnostic(`longest gap ${gapMs} ms in ${frames.length} pictures, ${stats["video.framesDropped"]} dropped`);
      assert.ok(gapMs < 200, `longest gap between pictures: ${gapMs} ms`);
      for (const counter of ["freezeCount", "pliCount", "nackCount", "packetsLost"] as const)
        assert.equal(stats[`video.${counter}`], 0, counter);
    });

    it("is known to be gone as soon as its page closes the connection", async () => {
      using video = playClip(slow, "cam/main/video");
      await using open = await openPage({ worker, video: video.track });
      const viewer = await open.connect();
      await open.page.waitForFunction(() => window.doorward.firstFrameMs > 0);
      await open.page.evaluate(() => window.doorward.pc.close());
      assert.equal(await viewer.closed, "closed");
      assert.equal(video.track.readerCount, 0);
    });
  });

function samples(pcm: Uint8Array): Int16Array {
  return new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length / 2);
}

/** Power of one frequency (Goertzel's sum, written out). */
function energyAt(sound: readonly number[], hz: number): number {
  let re = 0;
  let im = 0;
  for (const [i, sample] of sound.entries()) {
    re += sample * Math.cos((2 * Math.PI * hz * i) / 48_000);
    im += sample * Math.sin((2 * Math.PI * hz * i) / 48_000);
  }
  return re * re + im * im;
}
