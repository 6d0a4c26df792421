import { z } from "zod";

const origin = z
  .url({ protocol: /^https?$/ })
  .transform((url) => new URL(url).origin)
  .meta({ type: "string", format: "uri" });

/** `whep:` of the configuration. */
export const whepConfig = z
  .strictObject({
    allowedOrigins: z
      .array(origin)
      .default([])
      .describe("Other sites whose pages may watch with a token (CORS); none unless listed."),
    stunServers: z
      .array(z.string().regex(/^stuns?:[\w.:[\]-]{1,255}$/, "stun:host:port"))
      .default([])
      .describe(
        "STUN servers that browsers are told to ask, e.g. stun:stun.example.org:3478. None are needed at home.",
      ),
    turn: z
      .strictObject({
        urls: z.array(z.string().regex(/^turns?:[\w.:[\]?=-]{1,255}$/, "turn:host:port?transport=udp")).min(1),
        secret: z.string().min(16).describe("Shared secret (static-auth-secret of coturn)."),
        lifeSeconds: z.int().min(60).max(86_400).default(3600),
      })
      .optional()
      .describe("TURN server for viewers outside; each viewing gets short-lived credentials of its own."),
    maxViewers: z.int().min(1).default(1000).describe("Most pictures open at once."),
    maxViewersPerUser: z.int().min(1).default(100).describe("Most pictures one person may have open at once."),
    maxViewersPerDevice: z.int().min(1).default(500).describe("Most pictures of one device open at once."),
  })
  .prefault({})
  .describe("Live pictures for browsers and players (WHEP).");

/** Settings of the WHEP surface. */
export type WhepConfig = z.infer<typeof whepConfig>;
