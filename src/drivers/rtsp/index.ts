import { z } from "zod";
import { type Device, type Driver, defineDriver } from "../../device/driver.ts";
import { parseRtspAddress } from "../../protocols/rtsp/address.ts";
import type { RtspProtocol } from "../../protocols/rtsp/client.ts";
import { playRtsp } from "../../protocols/rtsp/play.ts";
import { FatalError } from "../../util/errors.ts";
import { RtspSpeaker } from "./speaker.ts";

/** Configuration of an RTSP camera. */
export const rtspConfig = z.object({
  address: z
    .string()
    .refine(isRtspAddress, "has to look like rtsp://192.168.1.20:554/stream1")
    .describe("The camera's RTSP address, without user name and password."),
  username: z.string().max(128).optional(),
  password: z.string().max(256).optional(),
  transport: z
    .enum(["auto", "tcp", "udp"])
    .default("auto")
    .describe("How media travels; auto tries TCP first and UDP if the camera does not send by it."),
  backchannel: z
    .enum(["auto", "off", "warm"])
    .default("auto")
    .describe("Speaking through the camera: opened while somebody talks, never, or kept open."),
  tlsFingerprint: z
    .string()
    .regex(/^([0-9A-Fa-f]{2}:?){32}$/, "has to be 32 bytes in hexadecimal")
    .optional()
    .describe("SHA-256 fingerprint of the certificate to accept (rtsps only)."),
  video: z.number().int().min(0).max(15).default(0).describe("Which of the stream's pictures, counted from 0."),
});

/** Configuration of an RTSP camera, with defaults filled in. */
export type RtspConfig = z.infer<typeof rtspConfig>;

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

function isRtspAddress(address: string): boolean {
  try {
    parseRtspAddress(address);
    return true;
  } catch {
    return false;
  }
}
