import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readAdts } from "../../src/codecs/aac/index.ts";
import { decodeG711, encodeG711 } from "../../src/codecs/g711/index.ts";
import { createOpusEncoder } from "../../src/codecs/opus/encoder.ts";
import { rmsLevel } from "../../src/codecs/pcm/index.ts";
import { ffmpeg, frameHashes } from "../ffmpeg.ts";
import { go2rtcProgram, startGo2rtc } from "../peers/go2rtc.ts";
import { clipFrames, playInto, type RtspHouse, run, startRtspHouse } from "../rtsp-house.ts";

const folder = mkdtempSync(join(tmpdir(), "doorward-rtsp-"));
after(() => rmSync(folder, { recursive: true }));

const pictures = 40;
const tone = Int16Array.from({ length: 320 }, (_, i) => 8000 * Math.sin((2 * Math.PI * i) / 32));
const toneFrame = { data: encodeG711("pcma", new Uint8Array(tone.buffer)), key: true, durationUs: 40_000 };

/** Ten seconds of a picture, from now on. */
async function playing(house: RtspHouse, codec: "h264" | "h265") {
  const { clip, frames } = clipFrames({ codec, frames: 250, keyInterval: 250 });
  const player = playInto(await house.track("yard", "video"), frames, { once: true });
  return { hashes: frameHashes(clip, codec).slice(0, pictures), [Symbol.dispose]: () => player[Symbol.dispose]() };
}

describe("GStreamer reads the hub's RTSP", { concurrency: 2 }, () => {
  for (const codec of ["h264", "h265"] as const) {
    for (const transport of ["tcp", "udp"] as const) {
      it(`${codec} over ${transport}, bit by bit`, { timeout: 60_000 }, async () => {
        await using house = await startRtspHouse({ yard: `fake://x/?video${codec === "h265" ? "&h265" : ""}` });
        using picture = await playing(house, codec);
        const file = join(folder, `${codec}-${transport}`);
        const source = ["rtspsrc", `location=${house.address("yard")}`, `protocols=${transport}`, "latency=50"];
        const caps = `video/x-${codec},stream-format=byte-stream,alignment=au`;
        const count = ["identity", `eos-after=${pictures + 1}`, "!", "filesink", `location=${file}`];
        const { code, stderr } = await run("gst-launch-1.0", [
          ...["-q", ...source, "!", `rtp${codec}depay`, "!", `${codec}parse`, "!", caps, "!", ...count],
        ]);
        assert.equal(code, 0, stderr);
        assert.deepEqual(frameHashes(readFileSync(file), codec), picture.hashes);
      });
    }
  }
});

/** A second of a tone as each codec's frames, made by ffmpeg or libopus. */
const sounds = {
  aac: async () => {
    const tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=2:sample_rate=16000"];
    const adts = ffmpeg([...tone, "-ac", "1", "-c:a", "aac", "-f", "adts", "-"]);
    const frames: { readonly data: Uint8Array; readonly key: true }[] = [];
    for (let at = 0, one = readAdts(adts); one; one = readAdts(adts.subarray(at))) {
      frames.push({ data: one.block, key: true });
      at += one.length;
    }
    return { source: "audio", rate: 16_000 / 1024, frames };
  },
  opus: async () => {
    using encoder = await createOpusEncoder({ sampleRateHz: 48_000, channels: 1 });
    const block = (n: number) =>
      Int16Array.from({ length: 960 }, (_, i) => 4000 * Math.sin((2 * Math.PI * 440 * (n * 960 + i)) / 48_000));
    const frames = Array.from({ length: 100 }, (_, n) => encoder.encode(new Uint8Array(block(n).buffer)).slice());
    return { source: "audio=opus", rate: 50, frames: frames.map((data) => ({ data, key: true })) };
  },
} as const;

describe("ffmpeg hears the hub's RTSP", { concurrency: 2 }, () => {
  for (const [codec, make] of Object.entries(sounds)) {
    for (const transport of ["tcp", "udp"] as const) {
      it(`${codec} over ${transport}, as the device sends it`, { timeout: 60_000 }, async () => {
        const { source, rate, frames } = await make();
        await using house = await startRtspHouse({ yard: `fake://x/?video&${source}` });
        using _picture = await playing(house, "h264");
        using _sound = playInto(await house.track("yard", "audio"), frames, { rate });
        const file = join(folder, `${codec}-${transport}.mkv`);
        const read = ["-v", "error", "-nostdin", "-rtsp_transport", transport, "-i", house.address("yard")];
        const { code, stderr } = await run("ffmpeg", [...read, "-t", "2", "-map", "0", "-c", "copy", file]);
        assert.equal(code, 0, stderr);
        const pcm = ffmpeg(["-i", file, "-map", "0:a", "-ac", "1", "-ar", "16000", "-f", "s16le", "-"]);
        assert.ok(pcm.length > 32_000, `${pcm.length / 32_000} s`);
        assert.ok(
          Math.abs(rmsLevel(pcm.subarray(8000)) - 4000 / Math.SQRT2 / 32_768) < 0.015,
          `level ${rmsLevel(pcm)}`,
        );
      });
    }
  }
});

describe("GStreamer speaks through the hub's RTSP", () => {
  it("two seconds by ONVIF's back channel: all of it is heard, and the floor is given back", {
    timeout: 60_000,
  }, async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video&speaker=pcmu" });
    const { rig } = house;
    using _picture = await playing(house, "h264");
    const released = Promise.withResolvers<void>();
    using _watch = rig.hub.turns.onChange((id) => {
      if (id === "yard" && !rig.hub.turns.holder(id).holder) released.resolve();
    });
    const talker = join(import.meta.dirname, "..", "peers", "gst-talker.py");
    const { code, stderr } = await run("/usr/bin/python3", [talker, house.address("yard"), "2"]);
    assert.equal(code, 0, stderr);
    await released.promise;
    const heard = Buffer.concat(rig.camera.heard.map(({ data }) => decodeG711("pcmu", data)));
    assert.ok(Math.abs(heard.length / 16_000 - 2) < 0.1, `${heard.length / 16_000} s were heard`);
    assert.ok(Math.abs(rmsLevel(heard) - 0.5 / Math.SQRT2) < 0.02, `level ${rmsLevel(heard)}`);
    assert.equal(rig.hub.voices.lost.network, 0);
  });
});

/** Where live555's `openRTSP` is: what VLC reads RTSP with, but for Debian's, which is built without it. */
const openRtsp = process.env["OPENRTSP"] ?? "";

describe("live555 reads the hub's RTSP", { skip: openRtsp === "" && "OPENRTSP is not set" }, () => {
  for (const transport of ["tcp", "udp"] as const) {
    it(`h264 over ${transport}, bit by bit, by Digest`, { timeout: 60_000 }, async () => {
      await using house = await startRtspHouse({ yard: "fake://x/?video" });
      using picture = await playing(house, "h264");
      const prefix = join(folder, `live555-${transport}-`);
      const how = [...(transport === "tcp" ? ["-t"] : []), "-u", "x", house.token, "-d", "3", "-F", prefix];
      const { code, stderr } = await run(openRtsp, [...how, `rtsp://127.0.0.1:${house.port}/yard`]);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /Authorization: Digest username="x"/);
      const got = frameHashes(readFileSync(`${prefix}video-H264-1`), "h264");
      assert.deepEqual(got.slice(0, pictures), picture.hashes);
    });
  }
});

const go2rtc = go2rtcProgram();

describe("go2rtc reads the hub's RTSP, and speaks through it", {
  skip: go2rtc === undefined && "Go is not installed",
}, () => {
  for (const transport of ["tcp", "udp"] as const) {
    it(`picture and sound over ${transport}`, { timeout: 60_000 }, async () => {
      await using house = await startRtspHouse({ yard: "fake://x/?video&audio=pcma" });
      using picture = await playing(house, "h264");
      using _sound = playInto(await house.track("yard", "audio"), [toneFrame]);
      using peer = await startGo2rtc(go2rtc ?? "", `${house.address("yard")}#transport=${transport}`);
      const output = join(folder, `${transport}.mkv`);
      const read = [
        "-v",
        "error",
        "-nostdin",
        "-rtsp_transport",
        "tcp",
        "-i",
        peer.address,
        "-t",
        "2",
        "-c",
        "copy",
        output,
      ];
      const { code, stderr } = await run("ffmpeg", read);
      assert.equal(code, 0, stderr);
      const got = frameHashes(ffmpeg(["-i", output, "-map", "0:v", "-c", "copy", "-f", "h264", "-"]), "h264");
      assert.ok(got.length >= 25, `${got.length} pictures`);
      assert.deepEqual(got.slice(0, 25), picture.hashes.slice(0, 25), "from the kept group on");
      const pcm = ffmpeg(["-i", output, "-map", "0:a", "-f", "s16le", "-"]);
      assert.ok(Math.abs(rmsLevel(pcm) - 8000 / Math.SQRT2 / 32_768) < 0.02, `level ${rmsLevel(pcm)}`);
    });
  }

  it("four seconds by ONVIF's back channel: all of it is heard, and the floor is given back", {
    timeout: 60_000,
  }, async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video&speaker=pcmu" });
    const { rig } = house;
    using _picture = await playing(house, "h264");
    using peer = await startGo2rtc(go2rtc ?? "", house.address("yard"));
    const wav = join(folder, "tone.wav");
    ffmpeg(["-y", "-f", "lavfi", "-i", "sine=frequency=440:duration=4", "-ar", "8000", "-ac", "1", wav]);
    const released = Promise.withResolvers<void>();
    using _watch = rig.hub.turns.onChange((id) => {
      if (id === "yard" && !rig.hub.turns.holder(id).holder) released.resolve();
    });
    assert.equal(await peer.speak(wav, "pcmu"), undefined);
    await released.promise;
    const heard = Buffer.concat(rig.camera.heard.map(({ data }) => decodeG711("pcmu", data)));
    assert.ok(Math.abs(heard.length / 16_000 - 4) < 0.1, `${heard.length / 16_000} s were heard`);
    assert.ok(rmsLevel(heard) > 0.08, `level ${rmsLevel(heard)}`);
    assert.equal(rig.hub.voices.lost.network, 0);
  });
});
