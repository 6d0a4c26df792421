import { z } from "zod";
import { parseRtspAddress } from "../../protocols/rtsp/address.ts";

/** Where a camera's small picture is. */
export const subSetting = z
  .string()
  .max(2048)
  .default("auto")
  .refine(isSubSetting, "has to be auto, off, a path such as /stream2, or an address without user name and password")
  .describe(
    "The small picture (sub-stream) for walls: its path (/stream2) or address; auto finds it by the maker's usual paths and by ONVIF; off: there is none.",
  );

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
  talkCodec: z
    .enum(["auto", "opus", "l16", "g722", "aac", "pcma", "pcmu"])
    .default("auto")
    .describe("Codec to speak in, of those that the camera lists; auto takes the best. Noise or nothing: try pcmu."),
  talkRate: z
    .number()
    .int()
    .min(8000)
    .max(48_000)
    .optional()
    .describe("Sampling rate to speak in, Hz, where the camera lists the codec at several."),
  talkPacketMs: z
    .number()
    .int()
    .min(10)
    .max(200)
    .optional()
    .describe("Length of a packet of speech, ms; what the camera asks for, else 20. 128 is 1024 bytes of G.711."),
  tlsFingerprint: z
    .string()
    .regex(/^([0-9A-Fa-f]{2}:?){32}$/, "has to be 32 bytes in hexadecimal")
    .optional()
    .describe("SHA-256 fingerprint of the certificate to accept (rtsps only)."),
  sub: subSetting,
  video: z.number().int().min(0).max(15).default(0).describe("Which of the stream's pictures, counted from 0."),
});

/** Configuration of an RTSP camera, with defaults filled in. */
export type RtspConfig = z.infer<typeof rtspConfig>;

/** go2rtc's `#transport=tcp` and `#backchannel=0`. */
export function fromFragment(parameters: ReadonlyMap<string, string>): Partial<RtspConfig> {
  const transport = parameters.get("transport");
  return {
    ...((transport === "tcp" || transport === "udp") && { transport }),
    ...(parameters.get("backchannel") === "0" && { backchannel: "off" as const }),
  };
}

function isSubSetting(sub: string): boolean {
  if (sub === "auto" || sub === "off" || sub.startsWith("/")) return true;
  const url = URL.parse(sub);
  return isRtspAddress(sub) && url?.username === "" && url.password === "";
}

function isRtspAddress(address: string): boolean {
  try {
    parseRtspAddress(address);
    return true;
  } catch {
    return false;
  }
}
