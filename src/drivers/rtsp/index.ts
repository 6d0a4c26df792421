import { type Device, type Driver, defineDriver } from "../../device/driver.ts";
import type { RtspProtocol } from "../../protocols/rtsp/client.ts";
import { playRtsp } from "../../protocols/rtsp/play.ts";
import { FatalError } from "../../util/errors.ts";
import { type RtspConfig, rtspConfig } from "./config.ts";
import { RtspSpeaker } from "./speaker.ts";

/** What was learnt about a camera, for as long as its configuration stands. */
interface Learnt {
  /** False when it may have answered 400 to being asked for the back channel rather than to the password. */
  readonly asksBackchannel: boolean;
  /** How its media arrived the last time. */
  readonly protocol?: RtspProtocol;
}

/** The driver; an instance remembers what it learnt about each camera. */
export function createRtspDriver(): Driver<RtspConfig> {
  const learnt = new WeakMap<RtspConfig, Learnt>();
  return defineDriver<RtspConfig>({
    kind: "rtsp",
    summary: "Any camera or recorder with an RTSP address; speaks through ONVIF's back channel where there is one.",
    config: rtspConfig,
    claims: (address) => (address.protocol === "rtsp:" || address.protocol === "rtsps:" ? 1 : 0),
    run: async (device, config) => {
      const before = learnt.get(config) ?? { asksBackchannel: true };
      const learn = (news: Partial<Learnt>) => learnt.set(config, { ...before, ...news });
      try {
        await serve(device, { ...config, ...before, onProtocol: (protocol) => learn({ protocol }) });
      } catch (error) {
        if (error instanceof FatalError && error.code === "wrong-password" && error.fields["status"] === 400) {
          learn({ asksBackchannel: !before.asksBackchannel });
        }
        throw error;
      }
    },
  });
}

export default createRtspDriver();

type ServeOptions = RtspConfig & Learnt & { readonly onProtocol: (protocol: RtspProtocol) => void };

async function serve(device: Device, config: ServeOptions): Promise<void> {
  const { clock, log, signal } = device;
  const protocols = protocolsOf(config);
  await using resources = new AsyncDisposableStack();
  let speaker: RtspSpeaker | undefined;
  await playRtsp({
    ...config,
    protocols,
    backchannel: config.backchannel !== "off" && config.asksBackchannel,
    clock,
    log,
    signal,
    onTrack: (format) => device.publish(format),
    onPhase: (phase) => device.phase(phase),
    onMedia: ({ backchannel }) => {
      if (!backchannel || speaker) return;
      const warm = config.backchannel === "warm";
      speaker = resources.use(new RtspSpeaker(device, { ...config, protocols, payloads: backchannel.payloads, warm }));
    },
    onReady: (protocol) => {
      config.onProtocol(protocol);
      device.ready();
      if (!speaker) return;
      device.offerSpeaker(speaker);
      speaker.warmUp();
    },
  });
}

/** What worked the last time comes first, so that a camera that is deaf by TCP costs its five seconds once. */
function protocolsOf(config: ServeOptions): readonly RtspProtocol[] {
  if (config.transport !== "auto") return [config.transport];
  return config.protocol === "udp" ? ["udp", "tcp"] : ["tcp", "udp"];
}
