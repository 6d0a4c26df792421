import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium, type Page } from "playwright-core";
import type { Track } from "../../src/media/track.ts";
import type { Viewer, WebRtcWorker } from "../../src/media/viewer.ts";

const executablePath = "/usr/bin/chromium";

/** What the page's script can do; see `script` below. */
interface PageApi {
  connect(microphone: boolean): Promise<void>;
  pixel(x: number, y: number): number[];
  level(hz: number): number;
  frames: { atMs: number; number: number }[];
  stats(): Promise<Record<string, number>>;
  firstFrameMs: number;
  soundAtMs: number;
  startedMs: number;
  pc: RTCPeerConnection;
}

declare global {
  interface Window {
    doorward: PageApi;
    answerOffer(offer: string): Promise<string>;
  }
}

const html = `<!doctype html><title>viewer</title><video autoplay muted playsinline></video><canvas></canvas>
<script type="module">
const video = document.querySelector("video");
const canvas = document.querySelector("canvas");
const draw = canvas.getContext("2d", { willReadFrequently: true });
const sound = new AudioContext();
const analyser = new AnalyserNode(sound, { fftSize: 8192, smoothingTimeConstant: 0 });
const bits = 9;
const api = { frames: [], firstFrameMs: 0, startedMs: 0 };
window.doorward = api;
const grab = () => {
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  draw.drawImage(video, 0, 0);
};
const pixel = (x, y) => [...draw.getImageData(x, y, 1, 1).data];
const onFrame = () => {
  const atMs = Date.now();
  if (!api.firstFrameMs) api.firstFrameMs = atMs - api.startedMs;
  grab();
  let number = 0;
  for (let bit = 0; bit < bits; bit++) if (pixel(bit * 40 + 20, 220)[0] > 128) number |= 1 << bit;
  api.frames.push({ atMs, number });
  video.requestVideoFrameCallback(onFrame);
};
api.pixel = (x, y) => (grab(), pixel(x, y));
api.level = (hz) => {
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const width = sound.sampleRate / analyser.fftSize;
  const at = Math.round(hz / width);
  return Math.max(...bins.slice(at - 2, at + 3));
};
api.stats = async () => {
  const found = {};
  for (const report of (await api.pc.getStats()).values()) {
    if (report.type !== "inbound-rtp") continue;
    for (const key of ["framesDecoded", "framesDropped", "packetsLost", "jitterBufferDelay", "jitterBufferEmittedCount",
      "jitterBufferTargetDelay", "jitterBufferMinimumDelay", "pliCount", "nackCount", "freezeCount",
      "estimatedPlayoutTimestamp", "packetsReceived", "keyFramesDecoded", "totalProcessingDelay"]) {
      if (report[key] !== undefined) found[report.kind + "." + key] = report[key];
    }
  }
  return found;
};
api.connect = async (microphone) => {
  const pc = new RTCPeerConnection();
  api.pc = pc;
  const stream = new MediaStream();
  pc.ontrack = ({ track }) => {
    stream.addTrack(track);
    video.srcObject = stream;
    if (track.kind === "audio") sound.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  };
  video.requestVideoFrameCallback(onFrame);
  pc.addTransceiver("video", { direction: "recvonly" });
  const audio = pc.addTransceiver("audio", { direction: "sendrecv" });
  if (microphone) {
    const input = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false,
      noiseSuppression: false, autoGainControl: false } });
    await audio.sender.replaceTrack(input.getAudioTracks()[0]);
  }
  await sound.resume();
  api.startedMs = Date.now();
  await pc.setLocalDescription(await pc.createOffer());
  await pc.setRemoteDescription({ type: "answer", sdp: await window.answerOffer(pc.localDescription.sdp) });
};
</script>`;

/** Options of {@link openPage}. */
export interface PageOptions {
  readonly worker: WebRtcWorker;
  readonly video?: Track;
  readonly audio?: Track;
  /** A WAV file that the browser takes for its microphone. */
  readonly microphoneFile?: string;
}

/** Chromium with a page that watches through the worker. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** Makes an offer, has it answered and gives the viewer. */
  connect(): Promise<Viewer>;
}

/** Starts Debian's Chromium and loads the page. Fails with a sentence if it is not installed. */
export async function openPage(options: PageOptions): Promise<OpenPage> {
  await using held = new AsyncDisposableStack();
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(html));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  held.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const browser = await launch(options.microphoneFile);
  held.defer(() => browser.close());
  const page = await browser.newPage();
  const viewers: Viewer[] = [];
  await page.exposeFunction("answerOffer", async (offerSdp: string) => {
    const { worker, video, audio } = options;
    const viewer = await worker.view({
      offerSdp,
      acceptMicrophone: true,
      ...(video ? { video } : {}),
      ...(audio ? { audio } : {}),
    });
    viewers.push(viewer);
    return viewer.answerSdp;
  });
  const { port } = server.address() as AddressInfo;
  await page.goto(`http://127.0.0.1:${port}/`);
  const all = held.move();
  return {
    page,
    connect: async () => {
      await page.evaluate((microphone) => window.doorward.connect(microphone), options.microphoneFile !== undefined);
      return viewers.at(-1)!;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function launch(microphoneFile: string | undefined) {
  try {
    return await chromium.launch({
      executablePath,
      args: [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
        ...["--autoplay-policy=no-user-gesture-required", "--use-fake-ui-for-media-stream"],
        "--use-fake-device-for-media-stream",
        ...(microphoneFile ? [`--use-file-for-fake-audio-capture=${microphoneFile}`] : []),
      ],
    });
  } catch (error) {
    throw new Error("this test needs Chromium: install the Debian package chromium", { cause: error });
  }
}
