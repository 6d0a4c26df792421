import type { House, Running } from "../surface.ts";
import type { HttpConfig } from "./config.ts";

/** What the HTTP surface is made of. */
export interface HttpContext
  extends Pick<
    House,
    "hub" | "viewings" | "shares" | "drivers" | "version" | "demo" | "pageDir" | "say" | "logInGuard" | "find"
  > {
  readonly config: HttpConfig;
  /** Ends the surface, and what it does in the background. */
  readonly signal: AbortSignal;
  /** The surfaces whose routes and sockets are served on the same port. */
  readonly others: readonly Running[];
  /** The hub's root certificate (PEM), once there is one. */
  readonly rootCertificate: () => string | undefined;
  /** Port of HTTPS once it listens. */
  readonly httpsPort: () => number | undefined;
}
