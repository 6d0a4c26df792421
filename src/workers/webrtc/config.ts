import { z } from "zod";

/** `webrtc:` of the configuration. */
export const webrtcConfig = z
  .strictObject({
    udpPort: z.int().min(0).max(65_535).default(8555).describe("The one UDP port of all viewers; 0 is any free one."),
    announceAddresses: z
      .array(z.string())
      .default([])
      .describe("Addresses to offer to viewers besides this machine's own, e.g. the public one of a router."),
    iceServers: z
      .array(
        z
          .string()
          .regex(/^(stun:[\w.:[\]-]{1,255}|turns?:\S{1,255})$/, "stun:host:port or turn:user:password@host:port"),
      )
      .default([])
      .describe(
        "Servers that the hub itself asks for its public address (stun:host:port), or is reached through " +
          "(turn:user:password@host:port). None are needed at home.",
      ),
    leaveOutInterfaces: z
      .array(z.string().regex(/^[\w.:*@-]{1,32}$/, "a name, * for any part of it"))
      .max(32)
      .default([])
      .describe(
        'Network interfaces whose addresses viewers are not told, e.g. bridges to containers: ["docker*", "br-*", "veth*"].',
      ),
    engine: z
      .enum(["auto", "native", "node"])
      .default("auto")
      .describe(
        "What serves viewers: the native engine, which is many times as light, or the part in TypeScript. auto takes " +
          "the engine where it is there and no TURN server is set.",
      ),
  })
  .prefault({})
  .describe("How browsers receive pictures and sound.");

/** Settings of the WebRTC worker. */
export type WebRtcConfig = z.infer<typeof webrtcConfig>;
