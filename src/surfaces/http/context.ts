import type { Driver } from "../../device/driver.ts";
import type { Hub } from "../../hub/hub.ts";
import type { Route } from "../route.ts";
import type { HubShares } from "../shares.ts";
import type { Viewings } from "../viewing.ts";
import type { HttpConfig } from "./config.ts";

/** What the HTTP surface is made of. */
export interface HttpContext {
  readonly hub: Hub;
  readonly viewings: Viewings;
  readonly shares: HubShares;
  readonly drivers: readonly Driver[];
  readonly config: HttpConfig;
  /** Routes of other surfaces on the same port (WHEP). */
  readonly routes: readonly Route[];
  /** Origins of other sites whose pages may call those routes, by path prefix. */
  readonly crossOrigin?: { readonly prefix: string; readonly origins: readonly string[] };
  readonly version: string;
  /** True when the hub shows its demo devices. */
  readonly demo: boolean;
  /** Folder of the built page. */
  readonly pageDir: string;
  /** The hub's root certificate (PEM), once there is one. */
  readonly rootCertificate: () => string | undefined;
  /** Port of HTTPS once it listens. */
  readonly httpsPort: () => number | undefined;
  /** Turns text into sound, where an engine is there. */
  readonly say?: SayText | undefined;
  /** Folder of the sound files that may be played by name. */
  readonly soundsDir: string;
}

/** Makes speech of text; throws FatalError with a sentence when no engine is there. */
export type SayText = (
  text: string,
  options: { readonly voice?: string },
) => import("../../media/speech.ts").RecordedSpeech;
