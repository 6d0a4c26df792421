import { z } from "zod";

const port = z.int().min(0).max(65_535);

/** `rtsp:` of the configuration. */
export const rtspConfig = z
  .strictObject({
    enabled: z.boolean().default(true).describe("False switches it off and keeps the settings."),
    host: z
      .string()
      .min(1)
      .default("127.0.0.1")
      .describe("Address to listen on; :: or 0.0.0.0 lets other machines read, by a token each."),
    port: port
      .default(8554)
      .describe(
        "Port; 0 is any free one. Whoever begins with TLS is served by TLS (rtsps://), with the page's certificate.",
      ),
    tlsPort: port.optional().describe("Another port, for TLS only; 322 is usual for rtsps://."),
    plain: z.boolean().default(true).describe("False takes only TLS, on every port."),
    basic: z
      .boolean()
      .default(true)
      .describe("False takes a token as it is (Basic) over TLS and loopback only; elsewhere Digest has to do."),
    udp: z
      .boolean()
      .default(true)
      .describe("False sends over the connection itself only: nothing but the port has to be let through."),
  })
  .optional()
  .describe("Cameras as RTSP streams for go2rtc, Frigate, recorders and players (docs/rtsp.md). Absent: none.");

/** Settings of the RTSP surface. */
export type RtspConfig = NonNullable<z.infer<typeof rtspConfig>>;
