import type { Driver } from "../device/driver.ts";
import type { Hub } from "../hub/hub.ts";
import type { WebRtcWorker } from "../media/viewer.ts";
import type { HttpConfig } from "./http/config.ts";
import type { SayText } from "./http/context.ts";
import { type HttpSurface, startHttp } from "./http/index.ts";
import { Viewings } from "./viewing.ts";
import type { WhepConfig } from "./whep/config.ts";
import { whepPrefix, whepRoutes } from "./whep/index.ts";

/** Options of {@link startWeb}. */
export interface WebOptions {
  readonly hub: Hub;
  /** Its maker disposes it, after the surface. */
  readonly webrtc: WebRtcWorker;
  readonly drivers: readonly Driver[];
  readonly config: { readonly http: HttpConfig; readonly whep: WhepConfig };
  readonly version: string;
  readonly demo: boolean;
  /** Folder of the hub's data. */
  readonly dataDir: string;
  /** Folder of the built page. */
  readonly pageDir: string;
  readonly say?: SayText | undefined;
  readonly signal: AbortSignal;
}

/** What browsers and players connect to: the page, the API, the page's socket and WHEP, on one port. */
export interface WebSurface extends HttpSurface {
  readonly viewings: Viewings;
}

/** Starts it. Ends with the signal or when disposed; all viewers are let go first. Throws FatalError `listen`. */
export async function startWeb(options: WebOptions): Promise<WebSurface> {
  const { hub, webrtc, config } = options;
  const { devices, converter, identity, log, clock } = hub;
  const { maxViewers, maxViewersPerUser, allowedOrigins } = config.whep;
  const viewings = new Viewings({
    devices,
    identity,
    converter,
    webrtc,
    log,
    max: maxViewers,
    maxPerUser: maxViewersPerUser,
  });
  const http = await startHttp({
    ...options,
    viewings,
    config: config.http,
    routes: whepRoutes({ viewings, config: config.whep, clock }),
    crossOrigin: { prefix: whepPrefix, origins: allowedOrigins },
  });
  const end = async () => {
    await viewings[Symbol.asyncDispose]();
    await http[Symbol.asyncDispose]();
  };
  options.signal.addEventListener("abort", () => void end(), { once: true });
  return { ...http, viewings, [Symbol.asyncDispose]: end };
}
