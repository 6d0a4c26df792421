import type { z } from "zod";
import type { Driver } from "../device/driver.ts";
import type { Hub } from "../hub/hub.ts";
import type { PublishWorker, WebRtcWorker } from "../media/viewer.ts";
import type { SayText } from "./http/context.ts";
import type { Route } from "./route.ts";
import type { HubShares } from "./shares.ts";
import type { Viewings } from "./viewing.ts";

/** What every surface is lent of the house. */
export interface House {
  readonly hub: Hub;
  /** Connects browsers. Its maker disposes it, after the surfaces. */
  readonly webrtc: WebRtcWorker;
  /** Takes in what devices publish by WebRTC. */
  readonly publishers: Pick<PublishWorker, "publish">;
  /** Everybody who watches, by whatever surface they came. */
  readonly viewings: Viewings;
  /** How much of everything one person, device and address may have. */
  readonly shares: HubShares;
  readonly drivers: readonly Driver[];
  readonly version: string;
  /** True when the hub shows make-believe devices. */
  readonly demo: boolean;
  /** Folder of the hub's data. */
  readonly dataDir: string;
  /** Folder of the built page. */
  readonly pageDir: string;
  /** Turns text into sound, where an engine is there. */
  readonly say?: SayText | undefined;
}

/** What a surface is lent: the house, its own section of the configuration, and its life. */
export interface Lent<Config> extends House {
  readonly config: Config;
  /** The surfaces that stand before it in the list; HTTP serves their routes. */
  readonly others: readonly Running[];
  /** Ends the surface. */
  readonly signal: AbortSignal;
}

/** A running surface; it ends with the signal or when disposed. */
export interface Running extends AsyncDisposable {
  /** Where it is to be found, for people; empty for one that HTTP serves. */
  readonly addresses: readonly string[];
  /** What HTTP serves for it on its own port. */
  readonly routes?: readonly Route[];
  /** Origins of other sites whose pages may call those routes, by path prefix. */
  readonly crossOrigin?: { readonly prefix: string; readonly origins: readonly string[] };
}

/** One way in which outsiders reach the hub. */
export interface Surface<Name extends string = string, Config = unknown, Run extends Running = Running> {
  /** The name of its folder, and of its section in the configuration. */
  readonly name: Name;
  /** Its section; one that is optional and absent leaves the surface out. */
  readonly config: z.ZodType<Config>;
  /** Throws FatalError for what a person must mend, e.g. `listen` for a taken port. */
  start(lent: Lent<NonNullable<Config>>): Promise<Run>;
}

/** Types a surface's pieces together; the identity function. */
export function defineSurface<const Name extends string, Config, Run extends Running>(
  surface: Surface<Name, Config, Run>,
): Surface<Name, Config, Run> {
  return surface;
}
