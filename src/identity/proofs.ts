import type { Clock } from "../util/clock.ts";
import type { Principal } from "./policy.ts";

/** How long somebody who gave their password need not give it again to change people, tokens or passwords: 10 minutes. */
export const proofLifeMs = 10 * 60 * 1000;

/**
 * Which sessions have shown a moment ago that their person is there: by log-in, or by the password given again. It is
 * kept in memory: after a start of the hub everybody is asked once more.
 */
export class Proofs {
  readonly #clock: Clock;
  readonly #provenUs = new Map<string, number>();

  constructor(options: { readonly clock: Clock }) {
    this.#clock = options.clock;
  }

  /** The password was right just now. */
  prove(sessionId: string): void {
    for (const id of this.#provenUs.keys()) if (!this.#isFresh(id)) this.#provenUs.delete(id);
    this.#provenUs.set(sessionId, this.#clock.nowUs());
  }

  /** True for a session whose person gave their password within the last minutes; never for a token. */
  has(principal: Principal): boolean {
    return principal.via === "session" && this.#isFresh(principal.credentialId);
  }

  #isFresh(sessionId: string): boolean {
    const atUs = this.#provenUs.get(sessionId);
    return atUs !== undefined && this.#clock.nowUs() - atUs < proofLifeMs * 1000;
  }
}
