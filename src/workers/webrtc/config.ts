import { z } from "zod";

/** `webrtc:` of the configuration. */
export const webrtcConfig = z
  .strictObject({
    udpPort: z.int().min(0).max(65_535).default(8555).describe("The one UDP port of all viewers; 0 is any free one."),
    announceAddresses: z
      .array(z.string())
      .default([])
      .describe("Addresses to offer to viewers besides this machine's own, e.g. the public one of a router."),
  })
  .prefault({})
  .describe("How browsers receive pictures and sound.");

/** Settings of the WebRTC worker. */
export type WebRtcConfig = z.infer<typeof webrtcConfig>;
