import { type Device, type Driver, defineDriver } from "../../device/driver.ts";
import { type QuirkCode, quirks } from "../../protocols/rtp/quirks.ts";
import type { RtspTap } from "../../protocols/rtsp/client.ts";
import { background } from "../../util/background.ts";
import { fromFragment, type RtspConfig, rtspConfig } from "./config.ts";
import { Learnt, protocolsOf } from "./learnt.ts";
import { OnvifKeyFrames } from "./onvif-key-frames.ts";
import { findByOnvif } from "./onvif-sub.ts";
import { Picture } from "./picture.ts";
import { SpeakerFinder } from "./speaker-finder.ts";
import { rtspSub } from "./sub.ts";

/** Observes what is exchanged, for a report. */
export interface RtspWatcher {
  readonly tap?: RtspTap;
  readonly onQuirk?: (quirk: QuirkCode) => void;
}

/** The driver. */
export function createRtspDriver(watcher: RtspWatcher = {}): Driver<RtspConfig> {
  return defineDriver<RtspConfig>({
    kind: "rtsp",
    summary: "Any camera or recorder with an RTSP address; speaks through ONVIF's back channel where there is one.",
    config: rtspConfig,
    schemes: ["rtsp://", "rtsps://"],
    fromFragment,
    claims: (address) => (address.protocol === "rtsp:" || address.protocol === "rtsps:" ? 1 : 0),
    sub: rtspSub(findByOnvif),
    run: (device, config) => serve(device, { config, learnt: new Learnt(device.memory), watcher }),
  });
}

export default createRtspDriver();

/** What a person may have changed in the camera meanwhile: it is shown when it is seen again. */
const ofSettings: ReadonlySet<QuirkCode> = new Set(["b-pictures", "no-key-pictures", "unplayable-sound"]);

/** Tells a person once what the camera does against the standards. */
function learnQuirk(
  device: Device,
  { learnt, quirk, detail }: { readonly learnt: Learnt; readonly quirk: QuirkCode; readonly detail?: string },
): void {
  const sentence = detail === undefined ? quirks[quirk] : `${quirks[quirk]} (it is ${detail})`;
  device.emit({ type: "quirk", code: quirk, sentence, ...(detail !== undefined && { detail }) });
  if (learnt.quirks.includes(quirk)) return;
  learnt.quirks = [...learnt.quirks, quirk];
  device.log.warn({ quirk }, `the camera ${sentence}`);
}

async function serve(
  device: Device,
  { config, learnt, watcher }: { readonly config: RtspConfig; readonly learnt: Learnt; readonly watcher: RtspWatcher },
): Promise<void> {
  for (const quirk of learnt.quirks) if (!ofSettings.has(quirk)) learnQuirk(device, { learnt, quirk });
  const picture = new Picture(device);
  const onQuirk = (quirk: QuirkCode) => {
    watcher.onQuirk?.(quirk);
    learnQuirk(device, { learnt, quirk });
  };
  const keyFrames = new OnvifKeyFrames(device, config);
  await using finder = new SpeakerFinder(device, { config, learnt, picture, onQuirk });
  finder.offer();
  if (learnt.askFirst) await finder.ask();
  try {
    await picture.play(
      {
        ...config,
        protocols: protocolsOf(config, learnt.protocol),
        keepAlive: learnt.keepAlive,
        onKeepAlive: (method) => {
          learnt.keepAlive = method;
        },
        ...(watcher.tap && { tap: watcher.tap }),
        onQuirk,
        onKeyFrameWanted: () =>
          background(keyFrames.ask(), (err) => device.log.warn({ err }, "the camera was not asked for a key frame")),
        onMedia: ({ unplayable }, { sdp }) => {
          if (unplayable) learnQuirk(device, { learnt, quirk: "unplayable-sound", detail: unplayable });
          background(finder.ask(sdp), (err) => device.log.debug({ err }, "the camera was not asked for its speaker"));
        },
        onReady: (protocol) => {
          learnt.protocol = protocol;
          device.ready();
        },
      },
      () => finder.speaker,
    );
  } catch (error) {
    if (finder.asking) learnt.askFirst = true;
    throw error;
  }
}
