import { z } from "zod";
import { readJpeg } from "../../codecs/jpeg/index.ts";
import { JpegSplitter } from "../../codecs/jpeg/splitter.ts";
import { type Device, defineDriver, type TrackWriter } from "../../device/driver.ts";
import { WireError } from "../../util/errors.ts";
import { MjpegClient } from "./client.ts";

/** Configuration of a camera that serves JPEG pictures by HTTP. */
export const mjpegConfig = z.strictObject({
  address: z
    .string()
    .refine(
      (address) => /^https?:$/.test(URL.parse(address)?.protocol ?? ""),
      "has to look like http://192.168.1.20/video.mjpg",
    )
    .describe("Where the pictures are: an MJPEG stream, or one JPEG picture, which is then asked for again and again."),
  username: z.string().max(128).optional(),
  password: z.string().max(256).optional(),
  intervalMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(1000)
    .describe("How often a single picture is asked for; a stream comes as fast as it comes."),
  tlsFingerprint: z
    .string()
    .regex(/^([0-9A-Fa-f]{2}:?){32}$/, "has to be 32 bytes in hexadecimal")
    .optional()
    .describe("SHA-256 fingerprint of the certificate to accept (https only)."),
});

/** Configuration with its defaults filled in. */
export type MjpegConfig = z.infer<typeof mjpegConfig>;

export default defineDriver<MjpegConfig>({
  kind: "mjpeg",
  summary: "A camera that serves JPEG pictures by HTTP: as an MJPEG stream, or one at a time",
  config: mjpegConfig,
  can: { listen: "no", talk: "no" },
  schemes: ["http://", "https://"],
  claims: (address) => (address.protocol === "http:" || address.protocol === "https:" ? 1 : 0),
  run,
});

async function run(device: Device, config: MjpegConfig): Promise<void> {
  const { clock, signal } = device;
  const { username, password = "", tlsFingerprint, intervalMs } = config;
  const credentials = username === undefined ? undefined : { username, password };
  device.phase("connecting");
  const client = new MjpegClient({ url: new URL(config.address), credentials, tlsFingerprint, clock, signal });
  const pictures = new Pictures(device);
  while (!signal.aborted) {
    const begunUs = clock.nowUs();
    const splitter = new JpegSplitter();
    try {
      using body = await client.get();
      for await (const chunk of body.chunks) for (const file of splitter.push(chunk)) pictures.came(file);
      if (signal.aborted || body.endless) return;
      await clock.sleep(Math.max(0, intervalMs - (clock.nowUs() - begunUs) / 1000), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** Writes pictures to the device's track. What is none is passed over. */
class Pictures {
  #track: TrackWriter | undefined;
  #size = "";
  readonly #device: Device;

  constructor(device: Device) {
    this.#device = device;
  }

  came(data: Uint8Array): void {
    const size = sizeOf(data);
    if (!size) return;
    const format = { kind: "video", codec: "mjpeg", parameterSets: [], ...size } as const;
    if (!this.#track) {
      this.#track = this.#device.publish(format, { alone: true });
      this.#device.ready();
    } else if (this.#size !== `${size.widthPx}x${size.heightPx}`) this.#track.updateFormat(format);
    this.#size = `${size.widthPx}x${size.heightPx}`;
    this.#track.write({ data, key: true, timestampUs: this.#device.clock.nowUs() });
  }
}

function sizeOf(data: Uint8Array): { readonly widthPx: number; readonly heightPx: number } | undefined {
  try {
    const { widthPx, heightPx } = readJpeg(data);
    return widthPx > 0 && heightPx > 0 ? { widthPx, heightPx } : undefined;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
