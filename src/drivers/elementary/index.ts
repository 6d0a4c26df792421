import { z } from "zod";
import { nalCodecs } from "../../codecs/video-codec.ts";
import { type Device, defineDriver } from "../../device/driver.ts";
import { parseStreamAddress } from "../../protocols/elementary/address.ts";
import { connect } from "../../protocols/elementary/connect.ts";
import { receive } from "../../protocols/elementary/receive.ts";

const secret = z.string().regex(/^[\x21-\x7e]{1,256}$/, "has to be 1 to 256 printable characters without blanks");

/** Configuration of a camera that serves raw video. */
export const elementaryConfig = z.strictObject({
  address: z
    .string()
    .refine((address) => parseStreamAddress(address, "tcp") !== undefined, "has to look like tcp://192.168.1.20:12345")
    .describe("Where the raw stream is served: tcp://host:port, port 12345 by default."),
  codec: z
    .enum(["auto", ...nalCodecs])
    .default("auto")
    .describe("The stream's codec; auto finds it out."),
  frameRate: z
    .number()
    .min(0.1)
    .max(240)
    .optional()
    .describe(
      "Frames per second to begin with, where the stream states it wrongly or not at all; then it is measured.",
    ),
  token: secret
    .optional()
    .describe("Secret that the camera's hook asks for; sent as the first line.")
    .meta({ secret: true }),
  password: secret.optional().describe("The same as token, under the name by which the page stores it sealed."),
});

/** Configuration with its defaults filled in. */
export type ElementaryConfig = z.infer<typeof elementaryConfig>;

export default defineDriver<ElementaryConfig>({
  kind: "elementary",
  summary: "Raw H.264 or H.265 over TCP, as the Ingenic hook serves it",
  config: elementaryConfig,
  can: { listen: "no", talk: "no" },
  schemes: ["tcp://"],
  claims: (address) => (address.protocol === "tcp:" ? 2 : 0),
  run,
});

async function run(device: Device, config: ElementaryConfig): Promise<void> {
  device.phase("connecting");
  await using connection = await connect({
    ...parseStreamAddress(config.address, "tcp")!,
    token: config.token ?? config.password,
    clock: device.clock,
    signal: device.signal,
  });
  if (device.signal.aborted) return;
  device.phase("waiting-for-key-frame");
  const { codec, frameRate } = config;
  await receive({
    chunks: connection.chunks(),
    codec,
    frameRate,
    clock: device.clock,
    onTrack: (format) => {
      const writer = device.publish(format, { alone: true });
      device.log.info({ codec: format.codec, widthPx: format.widthPx, heightPx: format.heightPx }, "video begins");
      device.ready();
      return writer;
    },
  });
}
