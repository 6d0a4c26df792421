import type { Page } from "playwright-core";
import type { YooseeHub } from "../e2e/talk-rig.ts";
import { until } from "./home-assistant.ts";

/** Where the time goes from a finger on a button to the first sample at the loudspeaker; each is ms since the finger. */
export interface PressStages {
  /** The page asks its browser for the microphone. */
  readonly asked: number;
  /** The browser gives it. */
  readonly opened: number;
  /** The connection takes it; not of the first press, which makes a connection of its own. */
  readonly taken: number;
  /** Its first packet is at the hub, and has the floor. */
  readonly granted: number;
  /** The first sample is handed to the camera's driver, whose speaker is open. */
  readonly handed: number;
  /** The loudspeaker plays it. */
  readonly heard: number;
}

interface Marks {
  [name: string]: number;
}

/** Notes when a page is clicked, opens a microphone and has it taken by its connection: runs in the page, before its own scripts. */
export function noteStages(): void {
  const scope = window as unknown as { marks: Marks };
  if (scope.marks) return;
  scope.marks = {};
  const note = (name: string) => {
    scope.marks[name] = performance.timeOrigin + performance.now();
  };
  // The browser's own time of the finger, not that of the handler.
  window.addEventListener(
    "click",
    (event) => {
      scope.marks["pressed"] = performance.timeOrigin + event.timeStamp;
    },
    { capture: true },
  );
  const media = navigator.mediaDevices;
  const open = media.getUserMedia.bind(media);
  media.getUserMedia = async (constraints) => {
    note("asked");
    const stream = await open(constraints);
    note("opened");
    return stream;
  };
  const replace = RTCRtpSender.prototype.replaceTrack;
  RTCRtpSender.prototype.replaceTrack = async function (track) {
    await replace.call(this, track);
    if (track) note("taken");
  };
}

/** Presses by `press`, waits until the camera is heard, and says where the time went. */
export async function pressed(
  press: () => Promise<void>,
  { page, hub }: { readonly page: Page; readonly hub: YooseeHub },
) {
  const { playout } = hub.camera;
  const { times, turns } = hub.rig.running.hub;
  playout.takeFirstSound();
  const handedBeforeS = times.talk.sound.sumS;
  await press();
  await until("the camera plays it", async () => playout.firstSoundUs !== undefined);
  const marks = await page.evaluate(() => (window as unknown as { marks: Marks }).marks);
  const since = (ms = Number.NaN) => ms - (marks["pressed"] ?? Number.NaN);
  const granted = since(turns.holder("yard").holder?.sinceMs);
  return {
    asked: since(marks["asked"]),
    opened: since(marks["opened"]),
    taken: since(marks["taken"]),
    granted,
    handed: granted + (times.talk.sound.sumS - handedBeforeS) * 1000,
    heard: since(performance.timeOrigin + (playout.firstSoundUs ?? Number.NaN) / 1000),
  } satisfies PressStages;
}
