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
  /** It may have answered 400 to being asked for the back channel rather than to the password: do not ask again. */
  readonly asksBackchannel: boolean;
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
      const backchannel = config.backchannel !== "off" && (learnt.get(config)?.asksBackchannel ?? true);
      try {
        await serve(device, { ...config, asksBackchannel: backchannel });
      } catch (error) {
        if (error instanceof FatalError && error.code === "wrong-password" && error.fields["status"] === 400) {
          learnt.set(config, { asksBackchannel: !backchannel });
        }
        throw error;
      }
    },
  });
}

export default createRtspDriver();

async function serve(device: Device, config: RtspConfig & Learnt): Promise<void> {
  const { clock, log, signal } = device;
  const protocols: readonly RtspProtocol[] = config.transport === "auto" ? ["tcp", "udp"] : [config.transport];
  await using resources = new AsyncDisposableStack();
  let speaker: RtspSpeaker | undefined;
  await playRtsp({
    ...config,
    protocols,
    backchannel: config.asksBackchannel,
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
    onReady: () => {
      device.ready();
      if (!speaker) return;
      device.offerSpeaker(speaker);
      speaker.warmUp();
    },
  });
}

function isRtspAddress(address: string): boolean {
  try {
    parseRtspAddress(address);
    return true;
  } catch {
    return false;
  }
}
