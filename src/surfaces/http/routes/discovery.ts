import { z } from "zod";
import type { FoundDevice } from "../../../finding/found.ts";
import { isHouseAddress } from "../../../finding/networks.ts";
import type { Immutable } from "../../../util/immutable.ts";
import { Problem } from "../../problem.ts";
import { type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";
import { DeviceSearch } from "../device-search.ts";

const foundSchema = z.object({
  host: z.string().describe("Its address."),
  by: z.array(z.enum(["onvif", "mdns", "port"])).describe("How it was noticed."),
  name: z.string().optional(),
  maker: z.string().optional(),
  model: z.string().optional(),
  onvif: z.string().optional().describe("Its ONVIF device service."),
  rtspPort: z.int().optional(),
  device: z.string().optional().describe("Id of the device of this hub that has this address already."),
});

const searchSchema = z.object({
  running: z.boolean(),
  done: z.number().describe("How much of it is done, from 0 to 1."),
  networks: z.array(z.string()).describe("What is searched, e.g. 192.168.1.0/24."),
  found: z.array(foundSchema),
});

const streamsBody = z.strictObject({
  host: z.ipv4(),
  rtspPort: z.int().min(1).max(65_535).optional(),
  onvif: z
    .url({ protocol: /^https?$/ })
    .max(512)
    .optional(),
  maker: z.string().max(64).optional(),
  username: z.string().max(128).optional(),
  password: z.string().max(256).optional(),
});

const streamsSchema = z.object({
  outcome: z.enum(["found", "password-needed", "wrong-password", "no-path", "unreachable"]),
  streams: z.array(
    z.object({
      address: z.string(),
      by: z.enum(["onvif", "path"]),
      name: z.string().optional(),
      widthPx: z.number().optional(),
      heightPx: z.number().optional(),
    }),
  ),
  tried: z.number().describe("Paths that were tried."),
});

/** How a search stands, for the page. */
export type SearchAnswer = Immutable<z.infer<typeof searchSchema>>;
/** Where a camera's pictures are, for the page. */
export type StreamsAnswer = Immutable<z.infer<typeof streamsSchema>>;

/** Finding devices on the hub's own networks, when an administrator asks for it. */
export function discoveryRoutes(context: HttpContext): readonly Route[] {
  const { devices, identity, clock, log } = context.hub;
  const find = context.find ?? (async (options) => (await import("../../../finding/find.ts")).findDevices(options));
  const search = new DeviceSearch({ find, clock, log, signal: context.signal });
  const known = (found: FoundDevice) =>
    devices.list().find((device) => hostOf(device.info().address) === found.host)?.id;
  const shown = (): z.input<typeof searchSchema> => ({
    ...search.state,
    networks: [...search.state.networks],
    found: search.state.found.map((found) => ({ ...found, by: [...found.by], device: known(found) })),
  });
  const answers = { 200: { description: "How the search stands", schema: searchSchema } };
  return [
    route({
      method: "POST",
      path: "/api/v1/discovery",
      summary: "Looks for cameras on the hub's own private networks: ONVIF, multicast DNS and the ports of RTSP",
      right: "administer",
      perMinute: 10,
      answers,
      handle: ({ principal }) => {
        const subject = () => search.state.networks.join(", ") || "no network";
        if (search.start()) identity.audit.record({ actor: principal.name, action: "probe", subject: subject() });
        return shown();
      },
    }),
    route({
      method: "GET",
      path: "/api/v1/discovery",
      summary: "What was found, and whether the search goes on",
      right: "administer",
      answers,
      handle: shown,
    }),
    route({
      method: "DELETE",
      path: "/api/v1/discovery",
      summary: "Ends the search; what was found stays",
      right: "administer",
      answers: { 204: { description: "Ended" } },
      handle: () => search.stop(),
    }),
    route({
      method: "POST",
      path: "/api/v1/discovery/streams",
      summary: "Finds where a camera's pictures are: by ONVIF, else by the paths of its maker and others",
      right: "administer",
      perMinute: 20,
      body: streamsBody,
      answers: { 200: { description: "The pictures, or why there are none", schema: streamsSchema } },
      handle: async ({ body, principal, signal }) => {
        const { host, onvif, username, password } = body;
        if (!isHouseAddress(host) || (onvif !== undefined && new URL(onvif).hostname !== host)) {
          const detail = "Cameras are looked for at addresses of private networks alone.";
          throw new Problem(422, { code: "not-private", detail });
        }
        identity.audit.record({ actor: principal.name, action: "probe", subject: host });
        const credentials = username || password ? { username: username ?? "", password: password ?? "" } : undefined;
        const { findStreams } = await import("../../../finding/streams.ts");
        const { streams, ...rest } = await findStreams({ ...body, credentials, clock, signal });
        return { ...rest, streams: [...streams] };
      },
    }),
  ];
}

/** Undefined for a device that has no address, or no host in it. */
function hostOf(address: string | undefined): string | undefined {
  return URL.parse(address ?? "")?.hostname || undefined;
}
