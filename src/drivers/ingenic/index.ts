import { z } from "zod";
import { nalCodecs } from "../../codecs/video-codec.ts";
import { type Device, defineDriver } from "../../device/driver.ts";
import { parseStreamAddress } from "../../protocols/elementary/address.ts";
import { connect } from "../../protocols/elementary/connect.ts";
import { receive } from "../../protocols/elementary/receive.ts";
import { startSidePorts } from "./side-ports.ts";

const port = z.int().min(1).max(65_535);
const secret = z.string().regex(/^[\x21-\x7e]{1,128}$/, "has to be 1 to 128 printable characters without blanks");

/** Configuration of a camera with our hook in it. */
export const ingenicConfig = z.strictObject({
  address: z
    .string()
    .refine(
      (address) => parseStreamAddress(address, "ingenic") !== undefined,
      "has to look like ingenic://192.168.1.20",
    )
    .describe("Where the hook serves its video: ingenic://host[:port], port 12345 by default."),
  soundPort: port.optional().describe("The hook's STREAM_HACK_SOUND_PORT: sound, and talk-back. None by default."),
  healthPort: port.optional().describe("The hook's STREAM_HACK_HEALTH_PORT: how it is. None by default."),
  token: secret
    .optional()
    .describe("The hook's STREAM_HACK_TOKEN; sent as the first line to every port.")
    .meta({ secret: true }),
  password: secret.optional().describe("The same as token, under the name by which the page stores it sealed."),
  codec: z
    .enum(["auto", ...nalCodecs])
    .default("auto")
    .describe("The picture's codec; auto finds it out."),
  frameRate: z
    .number()
    .min(0.1)
    .max(240)
    .optional()
    .describe(
      "Frames per second to begin with, where the stream states it wrongly or not at all; then it is measured.",
    ),
  echoCancelling: z.boolean().default(false).describe("The camera cancels the echo of its own speaker."),
});

/** Configuration with its defaults filled in. */
export type IngenicConfig = z.infer<typeof ingenicConfig>;

export default defineDriver<IngenicConfig>({
  kind: "ingenic",
  summary: "Ingenic cameras with Doorward's hook: picture, sound, talk and health",
  config: ingenicConfig,
  schemes: ["ingenic://"],
  claims: (address) => (address.protocol === "ingenic:" ? 2 : 0),
  run,
});

/** The picture decides: while it comes the camera is there, and the other ports are served beside it. */
async function run(device: Device, config: IngenicConfig): Promise<void> {
  const { clock, log } = device;
  const address = parseStreamAddress(config.address, "ingenic")!;
  const token = config.token ?? config.password;
  await using sidePorts = startSidePorts(device, { ...config, token, host: address.host });
  device.phase("connecting");
  const { signal } = sidePorts;
  await using connection = await connect({ ...address, token, clock, signal });
  if (!signal.aborted) device.phase("waiting-for-key-frame");
  await receive({
    chunks: connection.chunks(),
    codec: config.codec,
    frameRate: config.frameRate,
    clock,
    onTrack: (format) => {
      const writer = device.publish(format, { alone: config.soundPort === undefined });
      log.info({ codec: format.codec, widthPx: format.widthPx, heightPx: format.heightPx }, "video begins");
      device.ready();
      sidePorts.pictureCame();
      return writer;
    },
  });
}
