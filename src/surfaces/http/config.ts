import { z } from "zod";

const port = z.int().min(0).max(65_535);
const hostName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i, "a host name, without port");

/** `http:` of the configuration. */
export const httpConfig = z
  .strictObject({
    port: port.default(8480).describe("Plain HTTP, on this machine only (see host)."),
    host: z
      .array(z.string())
      .default(["127.0.0.1", "::1"])
      .describe("Addresses of plain HTTP. Anything but loopback sends passwords in the clear."),
    httpsPort: port.default(8443).describe("HTTPS, where everybody connects."),
    httpsHost: z.string().default("::").describe("Address of HTTPS; :: is every address of this machine."),
    https: z.boolean().default(true).describe("False leaves HTTPS to a proxy in front."),
    publicName: hostName.optional().describe("Name under which people reach the hub, e.g. home.example.org."),
    certificate: z
      .strictObject({ certFile: z.string(), keyFile: z.string() })
      .optional()
      .describe("Certificate chain and key (PEM) to use instead of the hub's own."),
    allowedFrameAncestors: z
      .array(z.url({ protocol: /^https?$/ }))
      .default([])
      .describe("Origins whose pages may show the hub in a frame, e.g. http://homeassistant.local:8123."),
    trustedProxies: z
      .array(z.string())
      .default([])
      .describe("Addresses of proxies whose X-Forwarded-* headers are believed."),
    maxConnections: z.int().min(16).default(2000).describe("Most sockets at once."),
  })
  .prefault({})
  .describe("The page and the API.");

/** Settings of the HTTP surface. */
export type HttpConfig = z.infer<typeof httpConfig>;
