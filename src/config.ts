import { z } from "zod";
import { devicesConfig, streamsConfig } from "./hub/device-input.ts";
import { httpConfig } from "./surfaces/http/config.ts";
import { whepConfig } from "./surfaces/whep/config.ts";
import { webrtcConfig } from "./workers/webrtc/config.ts";

/** The whole configuration file: the union of what the folders export. */
export const configSchema = z.strictObject({
  http: httpConfig,
  whep: whepConfig,
  webrtc: webrtcConfig,
  devices: devicesConfig,
  streams: streamsConfig,
});

/** What the configuration file says, with every default filled in. */
export type Config = z.infer<typeof configSchema>;
