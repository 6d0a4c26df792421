import { z } from "zod";
import type { Hub } from "../../hub/hub.ts";
import { passwordSchema } from "../../identity/password.ts";
import type { Grant } from "../../identity/policy.ts";
import type { User } from "../../identity/users.ts";
import { addressBlock } from "../../util/address-block.ts";
import { FatalError } from "../../util/errors.ts";
import { nameSchema } from "../../util/name.ts";
import type { LogInGuard } from "../log-in-guard.ts";

/** Options of {@link Accounts}. */
export interface AccountsOptions {
  readonly hub: Pick<Hub, "identity" | "reception" | "clock">;
  readonly guard: LogInGuard;
}

const registerBody = z.object({ username: nameSchema, email: z.email().max(256).optional(), password: passwordSchema });
const logInBody = z.object({ username: z.string().max(256), password: z.string().max(256) });

/** Life of what a log-in gives: a day, as the seed says. */
const tokenMs = 24 * 60 * 60 * 1000;
/** Log-ins of one person that stay; older ones are ended. */
const maxLogIns = 8;
const tokenName = "Camera viewer";
/** What such a token is for; what its person may not, it may not either. */
const tokenGrants: readonly Grant[] = [{ scope: "*", rights: ["view", "listen", "talk"] }];

/** The seed's accounts over the hub's people: its log-in gives a token of the hub, for a day. */
export class Accounts {
  readonly #options: AccountsOptions;

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  /**
   * Somebody adds themselves, where everybody is let in (`enrolment: open`): they may see nothing until a device is paired
   * with them. Throws FatalError `closed`, `taken`, ZodError.
   */
  async register(body: unknown): Promise<object> {
    const { identity, reception } = this.#options.hub;
    if (!reception.isOpen) {
      throw new FatalError("People are added by an administrator of this hub.", { code: "closed" });
    }
    const { username: name, password, email } = registerBody.parse(body);
    if (identity.users.byName(name)) throw new FatalError("Username already exists", { code: "taken" });
    const user = await identity.users.create({ name, password, administrator: false, grants: [] });
    identity.audit.record({ actor: user.name, action: "user-added", subject: user.name });
    return await this.#logged(user, email);
  }

  /** Throws FatalError `wrong-password`, Problem 429, ZodError. */
  async logIn(body: unknown, address: string): Promise<object> {
    const { identity } = this.#options.hub;
    const { username, password } = logInBody.parse(body);
    const attempt = this.#options.guard.begin({ account: username, block: addressBlock(address) });
    const user = await identity.users.verify(username, password, attempt.rank);
    if (!user) {
      identity.audit.record({ actor: username.slice(0, 64), action: "login-failed", detail: address });
      throw new FatalError("Incorrect username or password", { code: "wrong-password" });
    }
    attempt.succeeded();
    identity.audit.record({ actor: user.name, action: "login", detail: address });
    return await this.#logged(user);
  }

  async #logged(user: User, email = ""): Promise<object> {
    const { identity, clock } = this.#options.hub;
    const own = identity.credentials.tokens(user.id).filter(({ name }) => name === tokenName);
    for (const { id } of own.slice(maxLogIns - 1)) {
      await identity.users.endCredential({ userId: user.id, via: "token", id });
    }
    const expiresMs = clock.wallMs() + tokenMs;
    const { secret } = await identity.credentials.makeToken(user.id, {
      name: tokenName,
      grants: tokenGrants,
      expiresMs,
    });
    const told = { id: user.id, username: user.name, email };
    return { access_token: secret, token_type: "bearer", user: told };
  }
}
