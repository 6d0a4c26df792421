import type { Frame } from "../../src/media/frame.ts";
import { Track } from "../../src/media/track.ts";
import type { Viewer } from "../../src/media/viewer.ts";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { type Clip, createConverter } from "../../src/workers/ffmpeg/index.ts";
import { createWebRtcWorker } from "../../src/workers/webrtc/index.ts";

/** Options of {@link startPageVideo}. */
export interface PageVideoOptions {
  /** 640 by default; the shape is 16:9. */
  readonly widthPx?: number;
  /** How many different cameras; devices share them. */
  readonly cameras?: number;
  /** One more that stands upright, as doorbells do: `upright`. */
  readonly upright?: boolean;
}

/** Real video for a scripted hub: made-up cameras through the real WebRTC worker. */
export interface PageVideo extends AsyncDisposable {
  view(device: string, offerSdp: string): Promise<Viewer>;
  /** Stands still until called with false. */
  stall(stalled: boolean): void;
  /** Sound that came from browsers' microphones. */
  readonly heard: Frame[];
  /** Calls back when the next sound is heard. */
  nextSound(): Promise<Frame>;
  /** Kills the process through which everybody watches, as a crash would. */
  crash(): void;
}

const hues = [205, 20, 95, 265, 340, 160];
const names = ["front-door", "yard", "garage", "hall", "kitchen", "nursery"];

/** Draws the cameras (about a second each) and starts to serve them. Its scope ends it. */
export async function startPageVideo(options: PageVideoOptions = {}): Promise<PageVideo> {
  const { widthPx = 640, cameras = 6, upright = false } = options;
  const heightPx = (widthPx * 9) / 16;
  const stack = new AsyncDisposableStack();
  const clock = systemClock;
  const converter = stack.use(createConverter({ clock, log: silentLog }));
  const worker = stack.use(createWebRtcWorker({ clock, log: silentLog }));
  const tracks: Track[] = [];
  const clips: Clip[] = [];
  for (let index = 0; index < cameras + (upright ? 1 : 0); index++) {
    const clip = await converter.generateClip({
      ...(index < cameras ? { widthPx, heightPx } : { widthPx: heightPx, heightPx: widthPx }),
      hue: hues[index % hues.length] ?? 0,
      startWallMs: new Date().setHours(10, 42, 7 + index, 0),
      seconds: 4,
      gopFrames: 25,
    });
    clips.push(clip);
    tracks.push(new Track(clip.format, { id: `camera-${index}`, clock }));
  }
  const beganUs = clock.nowUs();
  let written = 0;
  let stalled = false;
  const timer = setInterval(() => {
    for (const due = Math.floor((clock.nowUs() - beganUs) / 40_000); written < due; written++) {
      if (stalled) continue;
      for (const [index, { frames }] of clips.entries()) {
        const frame = frames[written % frames.length];
        if (frame) tracks[index]?.write({ ...frame, timestampUs: beganUs + written * 40_000 });
      }
    }
  }, 10);
  stack.defer(() => clearInterval(timer));
  const heard: Frame[] = [];
  let onSound: ((frame: Frame) => void) | undefined;
  return {
    heard,
    view: async (device, offerSdp) => {
      const video = tracks[device === "upright" ? cameras : Math.max(0, names.indexOf(device)) % cameras];
      const viewer = await worker.view({ offerSdp, video, acceptMicrophone: true });
      viewer.onMicrophone((frame) => {
        heard.push(frame);
        onSound?.(frame);
      });
      return viewer;
    },
    stall: (value) => {
      stalled = value;
    },
    nextSound: () =>
      new Promise((resolve) => {
        onSound = resolve;
      }),
    crash: () => {
      if (worker.pid) process.kill(worker.pid, "SIGKILL");
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
