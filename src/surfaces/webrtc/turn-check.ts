import { createHmac, randomBytes } from "node:crypto";
import type { Allocation } from "../../protocols/stun/allocate.ts";
import { addressList } from "../../util/address-list.ts";
import type { Clock } from "../../util/clock.ts";
import { DoorwardError, messageOf } from "../../util/errors.ts";
import type { IceServers } from "./ice-links.ts";
import { allocate, readTurnUrl, type TurnPlace } from "./turn-socket.ts";

/** What is wrong with a TURN server, for programs. */
export type TurnFault =
  | "unreachable"
  | "udp-blocked"
  | "clock"
  | "secret"
  | "realm"
  | "open"
  | "private-relay"
  | "refused"
  | "no-turn";

/** How a TURN server of the settings was found. */
export interface TurnFinding {
  readonly url: string;
  readonly ok: boolean;
  /** Absent where all is well. */
  readonly fault?: TurnFault;
  /** One sentence: what was found, or what failed and what to do. */
  readonly detail: string;
}

type Turn = NonNullable<IceServers["turn"]>;

/** Options of {@link checkTurn}. */
export interface TurnCheckOptions {
  readonly turn: Turn;
  /** Other addresses at which the same server is to be found. */
  readonly moreUrls?: readonly string[];
  readonly clock: Clock;
  /** Asks one server; {@link allocate} unless given. */
  readonly ask?: (place: TurnPlace, credentials: { username: string; password: string }) => Promise<Allocation>;
}

/** A year: a credential that ends so late is right by any clock that is not very wrong. */
const lateS = 365 * 24 * 60 * 60;

/** Asks each TURN server of the settings for a relay, as a viewer would, and says what is wrong where there is none. */
export async function checkTurn(options: TurnCheckOptions): Promise<readonly TurnFinding[]> {
  const { clock } = options;
  const ask: NonNullable<TurnCheckOptions["ask"]> =
    options.ask ?? ((place, credentials) => allocate(place, credentials, { clock, random: randomBytes }));
  const urls = [...new Set([...options.turn.urls, ...(options.moreUrls ?? [])])];
  return await Promise.all(urls.map((url) => new TurnCheck({ ...options, ask }, url).run()));
}

class TurnCheck {
  readonly #options: TurnCheckOptions & Required<Pick<TurnCheckOptions, "ask">>;
  readonly #url: string;

  constructor(options: TurnCheckOptions & Required<Pick<TurnCheckOptions, "ask">>, url: string) {
    this.#options = options;
    this.#url = url;
  }

  async run(): Promise<TurnFinding> {
    const place = readTurnUrl(this.#url);
    if (!place) return this.#bad("no-turn", "is no address of a TURN server: turn:host:port?transport=udp");
    try {
      const answer = await this.#ask(place, this.#options.turn.lifeSeconds);
      return answer.outcome === "relays" ? this.#relays(place, answer) : await this.#refused(place, answer);
    } catch (error) {
      return await this.#unreached(place, error);
    }
  }

  #ask(place: TurnPlace, lifeS: number): Promise<Allocation> {
    const { turn, clock, ask } = this.#options;
    const username = `${Math.floor(clock.wallMs() / 1000) + lifeS}:doorward-check`;
    return ask(place, { username, password: createHmac("sha1", turn.secret).update(username).digest("base64") });
  }

  #relays(place: TurnPlace, { relayed, realm, open }: Extract<Allocation, { outcome: "relays" }>): TurnFinding {
    const at = `${relayed.address}:${relayed.port}`;
    if (open) {
      return this.#bad("open", `relays at ${at} for everybody who asks: switch use-auth-secret on there`);
    }
    if (isPrivate(relayed.address) && !isPrivate(place.host)) {
      const why = `relays at ${at}, which nobody reaches from outside: set external-ip there`;
      return this.#bad("private-relay", why);
    }
    return { url: this.#url, ok: true, detail: `relays at ${at} (realm ${realm})` };
  }

  async #refused(
    place: TurnPlace,
    { code, reason, realm, otherRealm }: Extract<Allocation, { outcome: "refused" }>,
  ): Promise<TurnFinding> {
    const { lifeSeconds } = this.#options.turn;
    if (code !== 401) {
      return this.#bad(
        "refused",
        `refuses a relay: ${code} ${reason}${code === 486 ? " (its quotas are used up)" : ""}`,
      );
    }
    if (otherRealm) {
      return this.#bad("realm", `asks by one realm and answers by another (${realm}): give it one realm`);
    }
    const late = await this.#ask(place, lateS).catch(() => undefined);
    if (late?.outcome === "relays") {
      const why = `takes only credentials that end later: this machine's clock is more than ${lifeSeconds} s behind the server's. Let both keep time by NTP`;
      return this.#bad("clock", why);
    }
    const why = `refuses the hub's credentials in its realm ${realm}: whep.turn.secret is not its static-auth-secret, or it runs without use-auth-secret`;
    return this.#bad("secret", why);
  }

  async #unreached(place: TurnPlace, error: unknown): Promise<TurnFinding> {
    const over = place.transport.toUpperCase();
    if (place.transport === "udp") {
      const tcp = await this.#ask({ ...place, transport: "tcp" }, this.#options.turn.lifeSeconds).catch(
        () => undefined,
      );
      if (tcp) {
        const why =
          "answers over TCP, but not over UDP: let UDP through to it. Browsers alone could do with ?transport=tcp; cameras' agents need UDP";
        return this.#bad("udp-blocked", why);
      }
    }
    const why = error instanceof DoorwardError && error.code === "wire" ? "what answers is no TURN server" : undefined;
    return this.#bad("unreachable", `is not reached over ${over}: ${why ?? messageOf(error)}`);
  }

  #bad(fault: TurnFault, detail: string): TurnFinding {
    return { url: this.#url, ok: false, fault, detail };
  }
}

/** Of a house's own network; a name is not. */
const isPrivate = addressList(["loopback", "linklocal", "uniquelocal"]);
