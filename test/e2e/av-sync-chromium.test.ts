import { test } from "node:test";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import type { WebRtcWorker } from "../../src/media/viewer.ts";
import { clicks, flashes, periodMs } from "./flash-and-click.ts";
import { startRig } from "./hub-rig.ts";
import { postOffer } from "./hub-viewer.ts";
import { openPage } from "./webrtc-page.ts";

// Runs alone: measures when a flash is drawn and a click is played.

const limitMs = 80;
const pairs = 3;

declare global {
  interface Window {
    /** When white pictures were shown and clicks were played, on the page's clock, ms. */
    seen: { flashes: number[]; clicks: number[] };
  }
}

/** Runs in the page: notes flashes by what is drawn, clicks by the samples that are played. */
async function observe(): Promise<void> {
  const video = document.querySelector("video") as HTMLVideoElement;
  const canvas = new OffscreenCanvas(1, 1);
  const draw = canvas.getContext("2d", { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
  window.seen = { flashes: [], clicks: [] };
  let wasWhite = false;
  const onFrame = (_: number, { expectedDisplayTime }: { readonly expectedDisplayTime: number }): void => {
    draw.drawImage(video, 0, 0, 1, 1);
    const white = (draw.getImageData(0, 0, 1, 1).data[0] ?? 0) > 128;
    if (white && !wasWhite) window.seen.flashes.push(expectedDisplayTime);
    wasWhite = white;
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
  const code = `registerProcessor("onset", class extends AudioWorkletProcessor {
    silent = 0;
    process([[samples]]) {
      for (let i = 0; i < (samples?.length ?? 0); i++) {
        const loud = Math.abs(samples[i]) > 0.1;
        if (loud && this.silent > sampleRate / 2) this.port.postMessage(currentTime + i / sampleRate);
        this.silent = loud ? 0 : this.silent + 1;
      }
      return true;
    }
  })`;
  const sound = new AudioContext();
  await sound.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const onset = new AudioWorkletNode(sound, "onset");
  onset.port.onmessage = ({ data }: { readonly data: number }) => {
    const { contextTime = 0, performanceTime = 0 } = sound.getOutputTimestamp();
    window.seen.clicks.push(performanceTime + (data - contextTime) * 1000);
  };
  const [track] = (video.srcObject as MediaStream).getAudioTracks();
  sound
    .createMediaStreamSource(new MediaStream([track as MediaStreamTrack]))
    .connect(onset)
    .connect(sound.destination);
  await sound.resume();
}

test("in Chromium, a flash is seen when its click is heard", { timeout: 90_000 }, async (t) => {
  await using camera = await startFakeRtsp({ video: flashes(), audio: clicks("pcm_s16le") });
  await using rig = await startRig(`devices:\n  cam: ${camera.address}\n`);
  const worker = {
    view: async ({ offerSdp }: { readonly offerSdp: string }) => ({
      answerSdp: (await postOffer(rig, "cam", offerSdp)).sdp,
    }),
  };
  await using open = await openPage({ worker: worker as unknown as WebRtcWorker });
  await open.connect();
  const { page } = open;
  await page.waitForFunction(() => window.doorward.firstFrameMs > 0);
  await page.evaluate(observe);
  // The browser, too, moves the two towards each other step by step; how far it begins depends on how busy the machine is.
  const met = await page.waitForFunction(
    ({ count, limit }) => {
      const { clicks: heard, flashes: seen } = window.seen;
      const apart = heard.map((click) => {
        const all = seen.map((flash) => click - flash).toSorted((one, other) => Math.abs(one) - Math.abs(other));
        return all[0] ?? Number.NaN;
      });
      // The last click's flash may be still to come.
      const last = apart.slice(-count - 1, -1);
      return last.length === count && last.every((ms) => Math.abs(ms) <= limit) && apart.map((ms) => Math.round(ms));
    },
    { count: pairs, limit: limitMs },
    { timeout: 60_000 },
  );
  t.diagnostic(`sound after picture: ${await met.jsonValue()} ms (of ${periodMs}, the last one's flash still to come)`);
});
