import { execFileSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { joinAnnexB } from "../../src/codecs/annexb.ts";
import { unitsOf } from "../../src/drivers/elementary/fake.ts";
import { type FakeRtsp, startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import { type FakeYoosee, startFakeYoosee } from "../../src/drivers/yoosee/fake.ts";
import { wavFile } from "../../src/drivers/yoosee/fake-playout.ts";
import { ffmpeg, makeClip } from "../ffmpeg.ts";
import { type HubRig, startRig, until } from "./hub-rig.ts";
import { openBrowser, temporaryFolder } from "./page-browser.ts";

/** What is louder than this (of 32,767) is a voice. */
const loud = 1000;

/** Words as espeak-ng speaks them: pcm_s16le, mono, at `rateHz`. */
export function words(text: string, options: { readonly rateHz: number }): Int16Array {
  const rate = ["-ar", String(options.rateHz), "-ac", "1"];
  return samplesOf(ffmpeg(["-f", "wav", "-i", "pipe:0", ...rate, "-f", "s16le", "-"], spoken(text)));
}

function spoken(text: string): Buffer {
  try {
    return execFileSync("espeak-ng", ["--stdout", text]);
  } catch (error) {
    throw new Error("this test needs espeak-ng: install the Debian package espeak-ng", { cause: error });
  }
}

/** pcm_s16le as samples. */
export function samplesOf(bytes: Uint8Array): Int16Array {
  const copy = new Uint8Array(bytes);
  return new Int16Array(copy.buffer, 0, copy.byteLength >> 1);
}

/** Where a voice begins, in samples; -1 in silence. */
export function onset(samples: Int16Array): number {
  return samples.findIndex((sample) => Math.abs(sample) > loud);
}

/** `before` seconds of silence, the samples, `after` seconds of silence, for Chromium's made-up microphone. */
export function microphoneWav(
  samples: Int16Array,
  options: { readonly rateHz: number; readonly before: number; readonly after: number },
): Uint8Array {
  const { rateHz, before, after } = options;
  const all = new Int16Array(Math.round(before * rateHz) + samples.length + Math.round(after * rateHz));
  all.set(samples, Math.round(before * rateHz));
  return wavFile(all, rateHz);
}

/** Speech without its pauses: whenever one listens, somebody is speaking. */
export function withoutPauses(samples: Int16Array, options: { readonly rateHz: number }): Int16Array {
  const block = options.rateHz / 50;
  const blocks = Array.from({ length: Math.floor(samples.length / block) }, (_, n) =>
    samples.subarray(n * block, (n + 1) * block),
  );
  return Int16Array.from(blocks.filter((one) => onset(one) >= 0).flatMap((one) => [...one]));
}

/** A hub with one scripted Yoosee camera, `yard`. */
export interface YooseeHub extends AsyncDisposable {
  readonly rig: HubRig;
  readonly camera: FakeYoosee;
  /** The camera's picture. */
  readonly video: FakeRtsp;
}

/** Starts both. `config` is more of the configuration's text. */
export async function startYooseeHub(config = ""): Promise<YooseeHub> {
  await using held = new AsyncDisposableStack();
  const accessUnits = unitsOf(makeClip({ codec: "h264" })).map(joinAnnexB);
  const video = held.use(
    await startFakeRtsp({ path: "/onvif1", video: { codec: "h264", accessUnits, frameRate: 25 } }),
  );
  const camera = held.use(await startFakeYoosee({ rtspPort: video.port }));
  const rig = held.use(
    await startRig(`devices:\n  yard: { name: Yard, address: "rtsp://127.0.0.1:${camera.port}/onvif1" }\n${config}`),
  );
  const owned = held.move();
  return { rig, camera, video, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A browser with a microphone of its own, in which one camera of the hub is open. */
export interface TalkPage extends AsyncDisposable {
  readonly page: Page;
  /** Process id of the browser, which leads a process group of its own. */
  readonly pid: number;
  /** Wall-clock ms at which the page's microphone began to hear a voice, silences of 300 ms apart. */
  voices(): Promise<readonly number[]>;
  /** Wall-clock ms of each press of the space bar. */
  presses(): Promise<readonly number[]>;
  /** WHEP offers sent, and descriptions made or taken, since the page was opened. */
  negotiations(): Promise<{ readonly offers: number; readonly descriptions: number }>;
  /** Waits until the talk bar says so. */
  barSays(text: string): Promise<void>;
}

/** What the script in the page counts. */
interface Counted {
  voices: number[];
  presses: number[];
  offers: number;
  descriptions: number;
}

/** Opens `device` of `rig`, with a microphone that hears `microphone` (a WAV file) again and again. */
export async function openTalkPage(
  rig: HubRig,
  options: { readonly device: string; readonly microphone: Uint8Array; readonly cookie?: string },
): Promise<TalkPage> {
  await using held = new AsyncDisposableStack();
  const folder = held.use(await temporaryFolder()).path;
  const wav = join(folder, "microphone.wav");
  await writeFile(wav, options.microphone);
  const { context } = held.use(await openBrowser({ profileDir: join(folder, "profile"), microphoneWav: wav }));
  await context.addInitScript(count);
  const page = await rig.openPage(context, `#/camera/${options.device}`, options.cookie);
  page.setDefaultTimeout(15_000);
  const bar = page.locator("dw-talk button.hold");
  await page.locator('dw-camera dw-player[data-tone="live"]').waitFor();
  await until("the bar can be pressed", () => bar.isEnabled().catch(() => false));
  const counted = () => page.evaluate(() => (window as unknown as { counted: Counted }).counted);
  const owned = held.move();
  return {
    page,
    pid: await leaderOf(join(folder, "profile")),
    voices: async () => (await counted()).voices,
    presses: async () => (await counted()).presses,
    negotiations: async () => {
      const { offers, descriptions } = await counted();
      return { offers, descriptions };
    },
    barSays: (text) => page.locator("dw-talk .words span").getByText(text).waitFor(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The browser that works in `profileDir`. */
async function leaderOf(profileDir: string): Promise<number> {
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const command = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => ""); // it may just have ended
    if (command.includes(`--user-data-dir=${profileDir}`) && !command.includes("--type=")) return Number(name);
  }
  throw new Error("the browser's process was not found");
}

/** Runs in the page before its own scripts: listens at the microphone, counts negotiations. */
function count(): void {
  const scope = window as unknown as { counted: Counted };
  if (scope.counted) return;
  const counted: Counted = { voices: [], presses: [], offers: 0, descriptions: 0 };
  scope.counted = counted;
  const now = () => performance.timeOrigin + performance.now();
  window.addEventListener("keydown", (event) => event.repeat || counted.presses.push(now()), { capture: true });
  const { fetch } = window;
  window.fetch = (input, init) => {
    if (init?.method === "POST" && String(input).includes("/whep/")) counted.offers++;
    return fetch(input, init);
  };
  for (const name of ["createOffer", "setLocalDescription", "setRemoteDescription"] as const) {
    const method = RTCPeerConnection.prototype[name] as (...args: unknown[]) => unknown;
    Object.assign(RTCPeerConnection.prototype, {
      [name](this: RTCPeerConnection, ...args: unknown[]) {
        counted.descriptions++;
        return method.apply(this, args);
      },
    });
  }
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  const getUserMedia = devices?.getUserMedia.bind(devices);
  if (!devices || !getUserMedia) return;
  devices.getUserMedia = async (constraints) => {
    const stream = await getUserMedia(constraints);
    const [track] = stream.getAudioTracks();
    if (track) void listen(track.clone());
    return stream;
  };
  /** The track itself, not an AudioContext: that one hears some 50 ms later. */
  const listen = async (track: MediaStreamTrack) => {
    type Sound = { numberOfFrames: number; copyTo(to: Float32Array, how: object): void; close(): void };
    type Processor = { readonly readable: ReadableStream<Sound> };
    const { MediaStreamTrackProcessor } = window as unknown as {
      MediaStreamTrackProcessor: new (options: { track: MediaStreamTrack }) => Processor;
    };
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    let lastMs = 0;
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      const samples = new Float32Array(step.value.numberOfFrames);
      step.value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      step.value.close();
      if (!samples.some((sample) => Math.abs(sample) > 0.03)) continue;
      if (now() - lastMs > 300) counted.voices.push(now());
      lastMs = now();
    }
  };
}
