import { z } from "zod";

/** `whip:` of the configuration. */
export const whipConfig = z
  .strictObject({
    udpPort: z.int().min(0).max(65_535).default(8556).describe("The one UDP port of all of them; 0 is any free one."),
    maxPublishers: z.int().min(1).max(256).default(32).describe("Most devices that publish at the same time."),
  })
  .prefault({})
  .describe("Devices that publish picture and sound by WHIP: OBS, GStreamer, browsers.");

/** Its values with defaults. */
export type WhipConfig = z.infer<typeof whipConfig>;
