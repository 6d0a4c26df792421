import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import type { Readable } from "node:stream";
import { describe, test } from "node:test";
import { encodeG711 } from "../../src/codecs/g711/index.ts";
import type { AudioFormat } from "../../src/media/format.ts";
import type { Frame } from "../../src/media/frame.ts";
import { systemClock } from "../../src/util/clock.ts";
import { correlate } from "../correlate.ts";
import { ffmpeg } from "../ffmpeg.ts";
import { startGstServer } from "../peers/gst.ts";
import { hearSessions } from "../peers/onvif-sessions.ts";
import { runDriver } from "../rtsp.ts";

// Runs quietly: measures from press to sound.

const picture =
  "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1 ! x264enc tune=zerolatency key-int-max=5 ! rtph264pay name=pay0 pt=96";
const sink = "audioconvert ! audio/x-raw,format=S16LE,rate=8000,channels=1 ! fdsink fd=1 sync=false async=false";
const backchannel = `( capsfilter caps="application/x-rtp, media=audio, payload=0, clock-rate=8000, encoding-name=PCMU" name=depay_backchannel ! rtppcmudepay ! mulawdec ! ${sink} )`;
const pcmu: AudioFormat = { kind: "audio", codec: "pcmu", sampleRateHz: 8000, channels: 1 };

/** 8 kHz, mono. */
function words(text: string): Int16Array {
  const wav = speak(text);
  const pcm = ffmpeg(["-f", "wav", "-i", "pipe:0", "-ar", "8000", "-ac", "1", "-f", "s16le", "-"], wav);
  return new Int16Array(new Uint8Array(pcm).buffer);
}

function speak(text: string): Buffer {
  try {
    return execFileSync("espeak-ng", ["--stdout", text]);
  } catch (error) {
    throw new Error("this test needs espeak-ng: install the Debian package espeak-ng", { cause: error });
  }
}

async function* frames(pcm: Int16Array, options: { readonly live: boolean }): AsyncGenerator<Frame> {
  const startUs = systemClock.nowUs();
  for (let at = 0; at < pcm.length; at += 160) {
    const dueMs = at / 8 - (systemClock.nowUs() - startUs) / 1000;
    if (options.live && dueMs > 0) await systemClock.sleep(dueMs);
    const samples = pcm.slice(at, at + 160);
    const data = encodeG711("pcmu", new Uint8Array(samples.buffer));
    yield { data, timestampUs: systemClock.nowUs(), key: true, durationUs: 20_000 };
  }
}

/** What a back channel plays, and when its first loud block came. */
class Recorder {
  firstLoudUs: number | undefined;
  readonly #chunks: Buffer[] = [];

  constructor(sound: Readable) {
    sound.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      const samples = new Int16Array(new Uint8Array(chunk).buffer, 0, chunk.length >> 1);
      if (samples.some((sample) => Math.abs(sample) > 1000)) this.firstLoudUs ??= systemClock.nowUs();
    });
  }

  get samples(): Int16Array {
    const all = new Uint8Array(Buffer.concat(this.#chunks));
    return new Int16Array(all.buffer, 0, all.length >> 1);
  }
}

// Each has a server of its own.
describe("speaking through GStreamer's ONVIF server", { concurrency: 2 }, () => {
  const said = words("The parcel is at the door. Please put it behind the green gate.");

  for (const [transport, live] of [
    ["tcp", true],
    ["udp", true],
    ["tcp", false],
  ] as const) {
    test(`${live ? "live" : "recorded"} words by ${transport} come out of the server`, async (t) => {
      await using server = await startGstServer({
        launch: `( ${picture} )`,
        backchannel,
        protocols: [transport],
        username: "viewer",
        password: "secret",
      });
      const recorder = new Recorder(server.sound);
      await using running = runDriver({ address: server.address, username: "viewer", password: "secret" });
      const { device } = running;
      await device.until(() => device.speaker !== undefined);
      assert.deepEqual(device.speaker?.formats, [pcmu]);
      const startUs = systemClock.nowUs();
      const before = device.video?.counters.frames ?? 0;
      const signal = new AbortController().signal;
      await device.speaker.play({ format: pcmu, live, frames: frames(said, { live }), signal });
      assert.ok(recorder.firstLoudUs !== undefined, "the server played nothing");
      const { correlation } = correlate(said, recorder.samples);
      const firstLoud = said.findIndex((sample) => Math.abs(sample) > 1000) / 8;
      const delayMs = (recorder.firstLoudUs - startUs) / 1000 - firstLoud;
      t.diagnostic(`correlation ${correlation.toFixed(3)}, press to sound ${delayMs.toFixed(0)} ms`);
      assert.ok(correlation > 0.8, `correlation ${correlation}`);
      assert.ok(delayMs > 0 && delayMs < 3000, `delay ${delayMs} ms`);
      assert.ok((device.video?.counters.frames ?? 0) > before + 20, "the picture went on");
    });
  }

  for (const transport of ["tcp", "udp"] as const) {
    test(`every one of 12 turns by ${transport} is heard`, async () => {
      assert.equal(await hearSessions(12, transport), 12);
    });
  }

  test("a server without a back channel offers no speaker", async () => {
    await using server = await startGstServer({ launch: `( ${picture} )` });
    await using running = runDriver({ address: server.address });
    await running.device.until(() => running.device.readyCount > 0);
    assert.equal(running.device.speaker, undefined);
  });
});
