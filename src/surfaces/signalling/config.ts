import { z } from "zod";

/** `signalling:` of the configuration. */
export const signallingConfig = z
  .strictObject({
    port: z
      .int()
      .min(0)
      .max(65_535)
      .optional()
      .describe(
        "A port of its own beside the hub's, as the original has one: 8000 is what original agents and viewers call; 0 is any free one. Absent: none. No TLS there: tokens go over the network in the clear.",
      ),
    host: z.string().min(1).default("127.0.0.1").describe("Address of that port."),
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
      .describe("Other sites whose pages may connect and ask, on either port."),
    agentTurnUrls: z
      .array(z.string().regex(/^turns?:[\w.:[\]?=-]{1,255}$/, "turn:host:port?transport=udp"))
      .max(8)
      .default([])
      .describe("Addresses of the TURN server as agents reach it, where they differ from whep.turn.urls."),
    maxAgents: z
      .int()
      .min(1)
      .max(100_000)
      .default(10_000)
      .describe("Most camera agents connected at once; http.maxConnections counts as well on the hub's own port."),
  })
  .prefault({})
  .describe(
    "Camera agents beyond the local network, and viewers that speak their protocol: /ws/device and /ws/viewer on the hub's own port.",
  );

/** Settings of the signalling surface. */
export type SignallingConfig = z.infer<typeof signallingConfig>;
