import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { joinAnnexB } from "../../src/codecs/annexb.ts";
import { createDepacketizer } from "../../src/protocols/rtp/depacketize.ts";
import { frameHashes, makeClip } from "../ffmpeg.ts";
import { startFfmpegCamera } from "../peers/ffmpeg-camera.ts";
import { startGstServer } from "../peers/gst.ts";
import { startRig } from "./hub-rig.ts";
import { watchHub } from "./hub-viewer.ts";
import { temporaryFolder } from "./page-browser.ts";

/** Four seconds with one key frame, at the beginning: whoever comes later gets it from the hub. */
const pictures = 100;

/** Cameras that we did not write, which serve a file once. */
const cameras = {
  "elementary, ffmpeg as camera": ({ codec, file }: { readonly codec: "h264" | "h265"; readonly file: string }) =>
    startFfmpegCamera({ file, muxer: codec === "h264" ? "h264" : "hevc", readRate: 1 }),
  "rtsp, GStreamer as camera": ({ codec, file }: { readonly codec: "h264" | "h265"; readonly file: string }) =>
    startGstServer({ launch: `( filesrc location=${file} ! ${codec}parse ! rtp${codec}pay name=pay0 pt=96 )` }),
};

describe("what ffmpeg put in is what a viewer of the whole hub gets out", { concurrency: 2 }, () => {
  for (const [name, start] of Object.entries(cameras)) {
    for (const codec of ["h264", "h265"] as const) {
      it(`${codec}: ${name}`, { timeout: 60_000 }, async () => {
        await using folder = await temporaryFolder();
        const file = join(folder.path, "clip");
        const made = makeClip({ codec, frames: pictures, keyInterval: pictures });
        await writeFile(file, made);
        await using camera = await start({ codec, file });
        await using rig = await startRig(`devices:\n  cam: ${camera.address}\n`);
        const depacketizer = createDepacketizer({ codec, clockRateHz: 90_000 });
        const units: Uint8Array[] = [];
        // The end of a raw stream's last picture is known by the next one only.
        const count = pictures - 1;
        const enough = Promise.withResolvers<void>();
        await using _viewer = await watchHub(rig, "cam", {
          onPacket: (kind, packet) => {
            if (kind !== "video") return;
            for (const unit of depacketizer.push(packet)) units.push(joinAnnexB(unit.nals));
            if (units.length >= count) enough.resolve();
          },
        });
        await enough.promise;
        const got = frameHashes(Buffer.concat(units.slice(0, count)), codec);
        assert.equal(got.length, count);
        assert.deepEqual(got, frameHashes(made, codec).slice(0, count));
      });
    }
  }
});
