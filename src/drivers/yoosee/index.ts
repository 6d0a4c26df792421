import { z } from "zod";
import { type Device, defineDriver } from "../../device/driver.ts";
import { isNotThere } from "../../protocols/rtsp/failure.ts";
import { playRtsp } from "../../protocols/rtsp/play.ts";
import { FatalError } from "../../util/errors.ts";
import { createSpeaker } from "./speaker.ts";

const config = z.strictObject({
  address: z.string().describe("rtsp://host[:port]/onvif1, or /onvif2 for the camera's other stream."),
  username: z.string().optional().describe("User name for picture and sound; usually admin."),
  password: z.string().optional().describe("Password for picture and sound, set in the camera's app (NVR or ONVIF)."),
  transport: z
    .enum(["auto", "tcp", "udp"])
    .default("auto")
    .describe("How media comes; auto tries TCP, then UDP. Several models send by UDP only."),
  profile: z
    .enum(["classic", "gwell", "auto"])
    .default("classic")
    .describe("Dialect of talk: classic as published, gwell for the other known firmware, auto tries both."),
  rate: z
    .union([z.literal(8000), z.literal(16000)])
    .optional()
    .describe("Sampling rate of the speaker in Hz: classic 8000, gwell 16000 by default. Slow sound: try the other."),
  reopen: z
    .number()
    .min(0)
    .max(60)
    .optional()
    .describe(
      "How often OPEN is repeated, s; 0 never. classic 0, gwell and auto 4 by default. Only the first seconds heard: 4.",
    ),
  talkPath: z
    .string()
    .regex(/^[\w./-]{1,64}$/)
    .default("onvif1")
    .describe("Path in the talk request's URI."),
  sub: z
    .string()
    .regex(/^(auto|off|rtsp:\/\/[^@\s]+)$/, "has to be auto, off, or an address without user name and password")
    .default("auto")
    .describe("The small picture for walls: auto is /onvif2, the other stream of a camera at /onvif1; off: none."),
  echoCancelling: z.boolean().default(false).describe("The camera cancels the echo of its own speaker."),
});

type YooseeConfig = z.infer<typeof config>;

/** Makes the driver. */
export function createYooseeDriver() {
  return defineDriver<YooseeConfig>({
    kind: "yoosee",
    summary: "Yoosee and Gwell cameras: picture and sound by RTSP, talk by USER_CMD_SET",
    config,
    schemes: ["rtsp://"],
    fromFragment: (parameters) => {
      const transport = parameters.get("transport");
      return transport === "tcp" || transport === "udp" ? { transport } : {};
    },
    claims: (address) => (address.protocol === "rtsp:" && /^\/onvif[12]$/.test(address.pathname) ? 2 : 0),
    sub: {
      offered: (settings) => smallOf(settings) !== undefined,
      run: async (device, settings) => {
        try {
          await watch(device, { ...settings, address: smallOf(settings) ?? settings.address });
        } catch (error) {
          if (settings.sub !== "auto" || !isNotThere(error)) throw error;
          throw new FatalError(`this camera has no small picture at /onvif2: ${error.message}`, {
            code: "no-sub",
            cause: error,
          });
        }
      },
    },
    run: async (device, settings) => {
      const target = talkTarget(settings);
      const { profile, rate: rateHz, echoCancelling, reopen } = settings;
      const reopenMs = reopen === undefined ? undefined : reopen * 1000;
      device.offerSpeaker(createSpeaker(device, { target, profile, rateHz, reopenMs, echoCancelling }));
      await watch(device, settings);
    },
  });
}

/** The camera's other stream; it has none beside /onvif2. */
function smallOf({ address, sub }: YooseeConfig): string | undefined {
  if (sub !== "auto") return sub === "off" ? undefined : sub;
  return /\/onvif1$/.test(address) ? address.replace(/1$/, "2") : undefined;
}

async function watch(device: Device, settings: YooseeConfig): Promise<void> {
  const { address, username, password, transport } = settings;
  await playRtsp({
    address,
    username,
    password,
    protocols: transport === "auto" ? ["tcp", "udp"] : [transport],
    clock: device.clock,
    log: device.log,
    signal: device.signal,
    onTrack: (format, how) => device.publish(format, how),
    onPhase: (phase) => device.phase(phase),
    onReady: () => device.ready(),
  });
}

function talkTarget(settings: YooseeConfig): { readonly host: string; readonly port: number; readonly path: string } {
  const url = URL.parse(settings.address);
  if (url?.protocol !== "rtsp:") {
    throw new FatalError(`address ${settings.address} cannot be used: it must begin with rtsp://`, {
      code: "bad-address",
    });
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return { host, port: Number(url.port || 554), path: settings.talkPath };
}

export default createYooseeDriver();
