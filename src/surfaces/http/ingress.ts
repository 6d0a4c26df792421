import { randomBytes } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { Identity } from "../../identity/identity.ts";
import type { Principal } from "../../identity/policy.ts";
import { putStatement } from "../../identity/store.ts";
import type { User } from "../../identity/users.ts";
import { addressList } from "../../util/address-list.ts";
import { toName } from "../../util/name.ts";
import { Serial } from "../../util/serial.ts";
import type { HttpConfig } from "./config.ts";

/** Where the store keeps who each person of Home Assistant is here. */
const kept = "home-assistant-person";

/** A person as Home Assistant's Supervisor names them. */
interface Visitor {
  readonly id: string;
  /** What they sign in with there, in small letters. */
  readonly userName: string;
  readonly name: string;
}

/**
 * Home Assistant's ingress: its Supervisor shows the hub's page under a path of its own and says who looks at it. What it says
 * (`X-Remote-User-Id`, `-Name`, `-Display-Name`, `X-Ingress-Path`) is believed of its address alone, the socket's, whatever is forwarded; from
 * everywhere else the headers mean nothing. Each person of Home Assistant is one of the hub's, made when they come first.
 */
export class Ingress {
  readonly #isSupervisor: (address: string) => boolean;
  readonly #config: NonNullable<HttpConfig["ingress"]>;
  readonly #identity: Identity;
  /** Secrets of sessions that were opened for people of Home Assistant; by their id there. */
  readonly #sessions = new Map<string, string>();
  readonly #found = new WeakMap<FastifyRequest, Principal>();
  readonly #turns = new Serial();

  constructor(config: NonNullable<HttpConfig["ingress"]>, identity: Identity) {
    this.#config = config;
    this.#identity = identity;
    this.#isSupervisor = addressList([config.supervisor]);
  }

  /** Whether this request came by the Supervisor. */
  brought(request: FastifyRequest): boolean {
    return this.#isSupervisor(request.raw.socket.remoteAddress ?? "");
  }

  /** The path under which the page stands there, without a slash at its end; "" where it stands at the root. */
  prefixOf(request: FastifyRequest): string {
    const path = request.headers["x-ingress-path"];
    if (typeof path !== "string" || !this.brought(request)) return "";
    return /^(\/[\w.~-]{1,128}){1,8}$/.test(path) ? path : "";
  }

  /** Who it is that the Supervisor brings; undefined where it names nobody. */
  principalOf(request: FastifyRequest): Principal | undefined {
    return this.#found.get(request);
  }

  /** Finds out who it is; a person who comes first is made. Throws StoreFault. */
  async signIn(request: FastifyRequest): Promise<void> {
    const visitor = this.brought(request) ? visitorOf(request) : undefined;
    if (!visitor) return;
    const found = this.#alive(visitor) ?? (await this.#turns.run(() => this.#open(visitor)));
    if (!found) return;
    // Home Assistant has asked for the password; the hub has none to ask for.
    this.#identity.proofs.prove(found.credentialId);
    this.#found.set(request, found);
  }

  #alive({ id }: Visitor): Principal | undefined {
    const secret = this.#sessions.get(id);
    return secret === undefined ? undefined : this.#identity.credentials.find(secret);
  }

  async #open(visitor: Visitor): Promise<Principal | undefined> {
    const alive = this.#alive(visitor);
    if (alive) return alive;
    const user = await this.#userOf(visitor);
    const { secret } = await this.#identity.credentials.openSession(user.id, { browser: "Home-Assistant" });
    this.#sessions.set(visitor.id, secret);
    this.#identity.audit.record({ actor: user.name, action: "login", detail: "by Home Assistant" });
    return this.#identity.credentials.find(secret);
  }

  async #userOf(visitor: Visitor): Promise<User> {
    const { users, store, audit } = this.#identity;
    const known = store.get(kept, visitor.id);
    const user = typeof known === "string" ? users.get(known) : undefined;
    const administrator = this.#isAdministrator(visitor);
    if (user && administrator && !user.administrator) {
      const changed = await users.update(user.id, { administrator });
      audit.record({ actor: "Home Assistant", action: "user-changed", subject: user.name, detail: "administrator" });
      return changed;
    }
    if (user) return user;
    const grants = administrator ? [] : [{ scope: "*", rights: [...this.#config.rights] }];
    const made = await users.create({ name: this.#freeName(visitor), administrator, grants });
    if (administrator) this.#identity.setupCode?.[Symbol.dispose]();
    await store.write(putStatement(kept, visitor.id, made.id));
    return made;
  }

  /** Who is named in the settings; where nobody is, whoever comes while there is no administrator. */
  #isAdministrator({ userName }: Visitor): boolean {
    const { administrators } = this.#config;
    if (administrators.length > 0) return administrators.some((name) => name.toLowerCase() === userName);
    return !this.#identity.users.hasAdministrator;
  }

  /** Never the name of somebody whom the hub knew otherwise: who may do what is theirs. */
  #freeName({ name }: Visitor): string {
    const names = [name, `${name} (Home Assistant)`.slice(0, 64)];
    const free = names.find((one) => !this.#identity.users.byName(one));
    return free ?? `${name.slice(0, 50)} ${randomBytes(4).toString("hex")}`;
  }
}

function visitorOf({ headers }: FastifyRequest): Visitor | undefined {
  const of = (header: string, fallback: string) => {
    const value = headers[header];
    // A header's bytes are UTF-8 that Node reads as Latin-1.
    const text = typeof value === "string" ? Buffer.from(value, "latin1").toString("utf8") : "";
    return toName(text.normalize("NFC"), { fallback });
  };
  const id = of("x-remote-user-id", "");
  if (!/^[\w-]{1,64}$/.test(id)) return undefined;
  const userName = of("x-remote-user-name", "");
  const name = of("x-remote-user-display-name", userName || "Home Assistant");
  return { id, userName: userName.toLowerCase(), name };
}
