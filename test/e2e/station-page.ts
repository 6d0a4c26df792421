import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { HubRig } from "./hub-rig.ts";
import { until } from "./hub-rig.ts";
import { openBrowser, temporaryFolder } from "./page-browser.ts";

/** What the script in the page notices. */
interface Noticed {
  said: number[];
  heard: number[];
}

/** A browser that is a station, with a microphone of its own. */
export interface StationPage extends AsyncDisposable {
  readonly page: Page;
  /** Wall-clock ms at which words began: in its microphone, and in what it plays. */
  noticed(): Promise<{ readonly said: readonly number[]; readonly heard: readonly number[] }>;
  /** Chooses whom to speak to. */
  choose(name: string): Promise<void>;
  press(): Promise<void>;
  release(): Promise<void>;
}

/** Options of {@link openStation}. */
export interface StationPageOptions {
  readonly id: string;
  readonly name: string;
  readonly area?: string;
  /** A WAV file that its microphone hears again and again. */
  readonly microphone: Uint8Array;
  /** The browser makes no sound before somebody touched the page, as they do unless told. */
  readonly touchNeeded?: boolean;
}

/** Opens the station's page in a browser of its own, and has it let in. */
export async function openStation(rig: HubRig, options: StationPageOptions): Promise<StationPage> {
  await using held = new AsyncDisposableStack();
  const folder = held.use(await temporaryFolder()).path;
  const wav = join(folder, "microphone.wav");
  await writeFile(wav, options.microphone);
  const { id, name, area } = options;
  const profileDir = join(folder, "profile");
  const { touchNeeded } = options;
  const { context } = held.use(
    await openBrowser({ profileDir, microphoneWav: wav, ...(touchNeeded !== undefined && { touchNeeded }) }),
  );
  await context.addInitScript(notice);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  // A look by the test counts as a touch: the page is left alone until all of it has run.
  await page.goto(`${rig.running.httpUrl}panel?device=${id}`, { waitUntil: "networkidle" });
  await page.getByText("Waiting to be let in").waitFor();
  const approved = await rig.call("POST", `api/v1/arrivals/${id}`, { name, ...(area !== undefined && { area }) });
  if (approved.status !== 201) throw new Error(`${name} was not let in: ${await approved.text()}`);
  await page.locator("dw-station .now").waitFor();
  await until(`${name} is there`, async () => rig.running.hub.devices.get(id)?.state.phase === "live");
  const owned = held.move();
  return {
    page,
    noticed: () => page.evaluate(() => (window as unknown as { noticed: Noticed }).noticed),
    choose: (whom) => page.locator("dw-station .whom button").filter({ hasText: whom }).first().click(),
    press: async () => {
      const box = await page.locator("dw-talk .hold").boundingBox();
      if (!box) throw new Error("there is no talk bar");
      await page.mouse.move(box.x + 40, box.y + box.height / 2);
      await page.mouse.down();
      await page.locator("dw-talk .text").getByText("Speak now").waitFor();
    },
    release: () => page.mouse.up(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Of each word that was heard, how long after it had been said, ms; words with no counterpart are left out. */
export function delays(said: readonly number[], heard: readonly number[]): readonly number[] {
  return heard.flatMap((atMs) => {
    const before = said.findLast((saidMs) => saidMs <= atMs);
    return before === undefined || atMs - before > 450 ? [] : [atMs - before];
  });
}

/** The value that so many percent do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}

/** Runs in the page before its own scripts: listens at the microphone and at what comes from the hub. */
function notice(): void {
  const scope = window as unknown as { noticed: Noticed };
  if (scope.noticed) return;
  const noticed: Noticed = { said: [], heard: [] };
  scope.noticed = noticed;
  const now = () => performance.timeOrigin + performance.now();
  type Sound = { numberOfFrames: number; copyTo(to: Float32Array, how: object): void; close(): void };
  type Processor = { readonly readable: ReadableStream<Sound> };
  const { MediaStreamTrackProcessor } = window as unknown as {
    MediaStreamTrackProcessor: new (options: { track: MediaStreamTrack }) => Processor;
  };
  /** Notes when a word begins after 200 ms of silence. */
  const listen = async (track: MediaStreamTrack, words: number[]) => {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    let lastMs = 0;
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      const samples = new Float32Array(step.value.numberOfFrames);
      step.value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      step.value.close();
      if (!samples.some((sample) => Math.abs(sample) > 0.03)) continue;
      if (now() - lastMs > 200) words.push(now());
      lastMs = now();
    }
  };
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  const getUserMedia = devices?.getUserMedia.bind(devices);
  if (devices && getUserMedia) {
    devices.getUserMedia = async (constraints) => {
      const stream = await getUserMedia(constraints);
      const [track] = stream.getAudioTracks();
      if (track) void listen(track.clone(), noticed.said);
      return stream;
    };
  }
  const { setRemoteDescription } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.setRemoteDescription = async function (this: RTCPeerConnection, description) {
    this.addEventListener("track", ({ track }) => {
      if (track.kind === "audio") void listen(track.clone(), noticed.heard);
    });
    await Reflect.apply(setRemoteDescription, this, [description]);
  };
}
