import type { Hub } from "../../hub/hub.ts";
import type { Principal } from "../../identity/policy.ts";
import { formatChallenge } from "../../protocols/rtsp/auth.ts";
import type { RtspRequest } from "../../protocols/rtsp/message.ts";
import { tokenOf } from "../credential.ts";
import { LogInGuard } from "../log-in-guard.ts";
import { Problem } from "../problem.ts";
import { RtspRefusal } from "./refusal.ts";

/** Who may watch: people, by a token of theirs as password; the user name is free. */
export class Access {
  readonly #hub: Pick<Hub, "identity" | "clock">;
  /** Its own: a recorder with an old token takes no tries from those who sign in at the page. */
  readonly #guard: LogInGuard;

  constructor(hub: Pick<Hub, "identity" | "clock">) {
    this.#hub = hub;
    this.#guard = new LogInGuard(hub);
  }

  /** Who asks. Throws RtspRefusal 401 with what may be shown, or 503 for whoever was wrong too often. */
  check(request: RtspRequest, { block }: { readonly block: string }): Principal {
    const authorization = request.headers.get("Authorization");
    if (authorization === undefined) throw this.#unauthorized("A token is needed");
    const attempt = this.#count(block);
    const principal = this.#find(authorization);
    if (!principal) throw this.#unauthorized("This token is unknown, or has ended");
    attempt.succeeded();
    return principal;
  }

  #find(authorization: string): Principal | undefined {
    const token = tokenOf(authorization);
    const principal = token === undefined ? undefined : this.#hub.identity.credentials.find(token);
    return principal?.via === "token" ? principal : undefined;
  }

  #count(block: string) {
    try {
      return this.#guard.begin({ account: `rtsp ${block}`, block });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const seconds = String(error.fields?.["retryAfterSeconds"] ?? 60);
      throw new RtspRefusal(503, "Too many wrong tokens; try again later", { "Retry-After": seconds });
    }
  }

  #unauthorized(reason: string): RtspRefusal {
    return new RtspRefusal(401, reason, {
      "WWW-Authenticate": formatChallenge({ scheme: "basic", realm: "Doorward" }),
    });
  }
}
