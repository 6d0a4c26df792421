import { type Device, type Driver, defineDriver } from "../../device/driver.ts";
import { background } from "../../util/background.ts";
import { fromFragment, type RtspConfig, rtspConfig } from "./config.ts";
import { type Learnt, protocolsOf } from "./learnt.ts";
import { Picture } from "./picture.ts";
import { SpeakerFinder } from "./speaker-finder.ts";

/** The driver; an instance remembers what it learnt about each camera. */
export function createRtspDriver(): Driver<RtspConfig> {
  const memory = new WeakMap<RtspConfig, Learnt>();
  return defineDriver<RtspConfig>({
    kind: "rtsp",
    summary: "Any camera or recorder with an RTSP address; speaks through ONVIF's back channel where there is one.",
    config: rtspConfig,
    schemes: ["rtsp://", "rtsps://"],
    fromFragment,
    claims: (address) => (address.protocol === "rtsp:" || address.protocol === "rtsps:" ? 1 : 0),
    run: async (device, config) => {
      const learnt = memory.get(config) ?? {};
      memory.set(config, learnt);
      await serve(device, { config, learnt });
    },
  });
}

export default createRtspDriver();

async function serve(
  device: Device,
  { config, learnt }: { readonly config: RtspConfig; readonly learnt: Learnt },
): Promise<void> {
  const picture = new Picture(device);
  await using finder = new SpeakerFinder(device, { config, learnt, picture });
  finder.offer();
  if (learnt.askFirst) await finder.ask();
  try {
    await picture.play(
      {
        ...config,
        protocols: protocolsOf(config, learnt),
        onMedia: () =>
          background(finder.ask(), (err) => device.log.debug({ err }, "the camera was not asked for its speaker")),
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
