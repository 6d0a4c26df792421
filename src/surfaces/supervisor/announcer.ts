import type { Identity } from "../../identity/identity.ts";
import { putStatement } from "../../identity/store.ts";
import type { User } from "../../identity/users.ts";
import { backoffDelayMs } from "../../util/backoff.ts";
import type { Clock } from "../../util/clock.ts";
import { messageOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";

/** Options of {@link Announcer}. */
export interface AnnouncerOptions {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly log: Log;
  /** Where the Supervisor answers. */
  readonly supervisor: string;
  /** What it gave the app to show. */
  readonly token: string;
  /** Where Home Assistant reaches the hub. */
  readonly hubUrl: string;
}

const kept = "supervisor";
const purpose = "supervisor-token";
const name = "Home Assistant";
const grants = [{ scope: "*", rights: ["view", "listen", "talk", "page", "unlock", "administer"] as const }].map(
  ({ scope, rights }) => ({ scope, rights: [...rights] }),
);
const timeoutMs = 10_000;
const retries = { firstMs: 2000, maxMs: 300_000 };

/**
 * Hands Home Assistant's integration the hub by the Supervisor's discovery: address, id, and a token of a person of its own, which is
 * kept (sealed) so that the same one is told at every start. It is told once somebody administers the hub, for nobody is let in before.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** Ends when it was told. Throws StoreFault, and what `signal` aborts with. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#administered(signal);
    const { clock, log } = this.#options;
    const secret = await this.#secret();
    if (secret === undefined) {
      log.warn(
        {},
        "Home Assistant is not told of the hub: the person or the token that was made for it was taken away",
      );
      return;
    }
    for (let attempt = 0; ; attempt++) {
      const trouble = await this.#tell(secret, signal);
      signal.throwIfAborted();
      if (trouble === undefined) break;
      log.warn({ attempt }, `Home Assistant's Supervisor was not told of the hub, and will be later: ${trouble}`);
      await clock.sleep(backoffDelayMs(attempt, retries), signal);
    }
    log.info({}, "Home Assistant was told of the hub: Settings, Devices & services");
  }

  async #administered(signal: AbortSignal): Promise<void> {
    const { users } = this.#options.identity;
    if (users.hasAdministrator) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    using _change = users.onChange(() => users.hasAdministrator && resolve());
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    await promise;
  }

  /** Undefined when it was told; else why not. */
  async #tell(token: string, signal: AbortSignal): Promise<string | undefined> {
    const { supervisor, hubUrl, identity } = this.#options;
    try {
      const answer = await fetch(new URL("/discovery", supervisor), {
        method: "POST",
        headers: { authorization: `Bearer ${this.#options.token}`, "content-type": "application/json" },
        body: JSON.stringify({ service: "doorward", config: { url: hubUrl, id: identity.installation, token } }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      const text = await answer.text();
      return answer.ok ? undefined : `it answered ${answer.status} ${text.slice(0, 200)}`;
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Undefined where somebody took away the person or the token: neither comes back by itself. */
  async #secret(): Promise<string | undefined> {
    const { identity } = this.#options;
    const sealed = identity.store.get(kept, "token");
    const known = typeof sealed === "string" ? this.#opened(sealed) : undefined;
    if (known !== undefined) return identity.credentials.find(known) ? known : undefined;
    const user = await this.#person();
    if (!user) return undefined;
    const { secret } = await identity.credentials.makeToken(user.id, { name, grants });
    identity.audit.record({ actor: user.name, action: "token-made", detail: name });
    await identity.store.write(putStatement(kept, "token", identity.sealer.seal(secret, { purpose })));
    return secret;
  }

  #opened(sealed: string): string | undefined {
    try {
      return this.#options.identity.sealer.open(sealed, { purpose });
    } catch {
      // Sealed with a key that is gone: another token is made.
      return undefined;
    }
  }

  /** Whom the token belongs to: somebody without a password, who can be seen and removed on the page; undefined once removed. */
  async #person(): Promise<User | undefined> {
    const { users, store } = this.#options.identity;
    const known = store.get(kept, "person");
    if (typeof known === "string") return users.get(known);
    const taken = users.byName(name) !== undefined;
    const made = await users.create({ name: taken ? `${name} (integration)` : name, administrator: false, grants });
    await store.write(putStatement(kept, "person", made.id));
    return made;
  }
}
