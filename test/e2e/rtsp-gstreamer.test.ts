import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Frame } from "../../src/media/frame.ts";
import { FatalError } from "../../src/util/errors.ts";
import { frameHashes, makeClip } from "../ffmpeg.ts";
import { startGstServer } from "../peers/gst.ts";
import { runDriver } from "../rtsp.ts";
import { startLateRelay } from "./late-relay.ts";

const login = { username: "viewer", password: "pä55 word" };
const sound = {
  opus: "audiotestsrc is-live=true wave=ticks ! audioconvert ! opusenc ! rtpopuspay name=pay1 pt=97",
  pcma: "audiotestsrc is-live=true ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay1 pt=8",
};

describe("GStreamer's RTSP server as camera", { concurrency: 4 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "doorward-gst-"));
  const clips = { h264: join(folder, "clip.h264"), h265: join(folder, "clip.h265") };
  before(() => {
    for (const codec of ["h264", "h265"] as const) {
      writeFileSync(clips[codec], makeClip({ codec, frames: 60, bFrames: 0, slices: codec === "h264" ? 3 : 1 }));
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const codec of ["h264", "h265"] as const) {
    for (const transport of ["tcp", "udp"] as const) {
      test(`${codec} by ${transport} with a digest log-in: every picture bit by bit`, async () => {
        const parse = `${codec}parse ! rtp${codec}pay name=pay0 pt=96`;
        await using server = await startGstServer({
          launch: `( filesrc location=${clips[codec]} ! ${parse} )`,
          protocols: [transport],
          ...login,
        });
        await using running = runDriver({ address: server.address, ...login });
        await running.device.until(() => running.device.video !== undefined);
        using reader = running.device.video?.read();
        const frames: Frame[] = [];
        while (frames.length < 60) frames.push((await reader?.next(AbortSignal.timeout(20_000)))!);
        const sent = frameHashes(makeClip({ codec, frames: 60, slices: codec === "h264" ? 3 : 1 }), codec);
        assert.equal(sent.length, 60);
        assert.deepEqual(frameHashes(Buffer.concat(frames.map(({ data }) => data)), codec), sent);
      });
    }
  }

  for (const [name, source] of Object.entries(sound)) {
    test(`H.264 and ${name} together, live`, async () => {
      const picture =
        "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1 ! x264enc tune=zerolatency key-int-max=25 ! rtph264pay name=pay0 pt=96";
      await using server = await startGstServer({ launch: `( ${picture} ${source} )`, ...login });
      {
        await using running = runDriver({ address: server.address, ...login, backchannel: "off" });
        const { device } = running;
        await device.until(
          () => (device.audio?.counters.frames ?? 0) > 20 && (device.video?.counters.frames ?? 0) > 20,
        );
        assert.equal(device.audio?.format.codec, name);
        assert.equal(device.readyCount, 1);
        assert.equal(server.gone(), 0);
      }
      await server.untilGone();
    });
  }

  test("its clock tells how late its pictures are: 300 ms later by a way that is so much longer", async () => {
    const picture =
      "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1 ! x264enc tune=zerolatency key-int-max=25 ! rtph264pay name=pay0 pt=96";
    // By AVPF it reports more often.
    await using server = await startGstServer({ launch: `( ${picture} )`, feedback: true });
    const delayOf = async (lateMs: number) => {
      await using relay = await startLateRelay(Number(new URL(server.address).port));
      relay.lateMs = lateMs;
      await using running = runDriver({ address: `rtsp://127.0.0.1:${relay.port}/cam`, transport: "tcp" });
      const { device } = running;
      await device.until(() => device.video?.delay !== undefined);
      const since = device.video?.counters.frames ?? 0;
      await device.until(() => (device.video?.counters.frames ?? 0) > since + 20);
      const delay = device.video?.delay;
      assert.ok(delay?.by === "camera-clock", `${JSON.stringify(delay)}`);
      return delay.ms;
    };
    const delays = await Promise.all([0, 300].map(delayOf));
    const [near = 0, far = 0] = delays;
    assert.ok(near < 250, `${near} ms by the short way`);
    assert.ok(far >= 300 && far - near < 500, `${far} ms by the long way, ${near} ms by the short one`);
  });

  for (const protocol of ["tcp", "udp"] as const) {
    test(`it is asked for a key frame by ${protocol}, and gives one at once: it sends one every 40 s by itself`, async () => {
      const picture =
        "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1 ! x264enc tune=zerolatency key-int-max=1000 ! rtph264pay pt=96 ! capsfilter name=pay0 caps=application/x-rtp,rtcp-fb-nack-pli=(boolean)true";
      await using server = await startGstServer({ launch: `( ${picture} )`, feedback: true, protocols: [protocol] });
      await using running = runDriver({ address: server.address, transport: protocol });
      const { device } = running;
      await device.until(() => (device.video?.counters.frames ?? 0) > 20);
      assert.equal(device.video?.counters.keyFrames, 1);
      device.video?.onKeyFrameWanted?.();
      await device.until(() => (device.video?.counters.keyFrames ?? 0) > 1);
      assert.ok((device.video?.counters.frames ?? 0) < 100, "long before the next one was due");
    });
  }

  test("a wrong password", async () => {
    await using server = await startGstServer({
      launch: "( videotestsrc ! x264enc ! rtph264pay name=pay0 )",
      ...login,
    });
    const error = await runDriver({ address: server.address, ...login, password: "guessed" }).ended;
    assert.ok(error instanceof FatalError);
    assert.equal(error.code, "wrong-password");
  });
});
