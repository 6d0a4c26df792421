import { z } from "zod";
import { rightSchema } from "../../identity/policy.ts";

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
    ingress: z
      .strictObject({
        supervisor: z
          .string()
          .default("172.30.32.2")
          .describe("Address of Home Assistant's Supervisor; nobody else is believed."),
        administrators: z
          .array(z.string().max(64))
          .default([])
          .describe(
            "User names of Home Assistant whose people administer the hub. Without any, the first one who comes does. Taking a name out takes nothing away: that is done under People.",
          ),
        rights: z
          .array(rightSchema)
          .default(["view", "listen", "talk"])
          .describe("What everybody else may do when they come first; the page's People changes it."),
      })
      .optional()
      .describe(
        "For the app of Home Assistant: its people are signed in by its ingress. Off unless it is written down.",
      ),
    maxConnections: z.int().min(16).default(2000).describe("Most sockets at once."),
  })
  .prefault({})
  .describe("The page and the API.");

/** Settings of the HTTP surface. */
export type HttpConfig = z.infer<typeof httpConfig>;
