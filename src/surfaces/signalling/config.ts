import { z } from "zod";

/** `signalling:` of the configuration. */
export const signallingConfig = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default("127.0.0.1")
      .describe(
        "Address of its port. On any but loopback, tokens go over the network in the clear: better a proxy with HTTPS in front, or the hub's own port, which serves agents as well.",
      ),
    port: z
      .int()
      .min(0)
      .max(65_535)
      .default(8000)
      .describe("Port of the camera agents' and their viewers' own protocol; 0 is any free one."),
    watch: z
      .enum(["direct", "relayed"])
      .default("direct")
      .describe(
        "How viewers of this protocol watch a camera agent. direct: the two find each other, the hub only passes on what they say. relayed: the agent sends to the hub once, and the hub to all. The page always watches relayed.",
      ),
    tokenInQuery: z
      .boolean()
      .default(false)
      .describe("Take tokens from addresses (?token=) too, as the original page sends them. They end up in logs."),
    origins: z
      .array(
        z
          .url({ protocol: /^https?$/ })
          .refine((url) => new URL(url).origin === url, "scheme, name and port: http://name:8080"),
      )
      .max(32)
      .default([])
      .describe("Other sites whose pages may connect there."),
    agentTurnUrls: z
      .array(z.string().regex(/^turns?:[\w.:[\]?=-]{1,255}$/, "turn:host:port?transport=udp"))
      .max(8)
      .default([])
      .describe("Addresses of the TURN server as agents reach it, where they differ from whep.turn.urls."),
    maxAgents: z.int().min(1).max(100_000).default(1000).describe("Most camera agents connected at once."),
  })
  .optional()
  .describe("Camera agents beyond the local network, and viewers that speak their protocol. Absent: none.");

/** Settings of the signalling surface. */
export type SignallingConfig = NonNullable<z.infer<typeof signallingConfig>>;
