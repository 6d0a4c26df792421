import type { Hub } from "../../hub/hub.ts";
import type { Principal } from "../../identity/policy.ts";
import type { ToHub } from "../../protocols/door/messages.ts";
import { addressBlock } from "../../util/address-block.ts";
import { background } from "../../util/background.ts";
import { DoorwardError, messageOf, WireError } from "../../util/errors.ts";
import { DoorClient, reasonOf } from "./client.ts";
import type { Connection, Party } from "./connection.ts";
import type { DoorHouse } from "./house.ts";
import { serveOrders } from "./orders.ts";
import { DoorStation } from "./station.ts";
import { StationSound } from "./station-sound.ts";

/** Lets connections in: stations by the hub's reception, clients by a person's token, or as guests where all are let in. */
export class Registration {
  readonly #hub: Hub;
  readonly #house: DoorHouse;

  constructor(options: { readonly hub: Hub; readonly house: DoorHouse }) {
    this.#hub = options.hub;
    this.#house = options.house;
  }

  /** Throws WireError whose code is the reason to be told. */
  async enter(register: ToHub<"register">, connection: Connection): Promise<Party> {
    return register.role === "intercom" ? this.#station(register, connection) : this.#client(register, connection);
  }

  async #station(register: ToHub<"register">, connection: Connection): Promise<Party> {
    const { reception, clock } = this.#hub;
    const { client_id: clientId, token, audio } = register;
    const id = stationIdOf(clientId);
    if (id === undefined) throw new WireError("client_id: has no letter or digit", { code: "invalid_client_id" });
    const hungUp = new AbortController();
    connection.signal.addEventListener("abort", () => hungUp.abort(), { once: true });
    const shown = token !== undefined && { token, claims: isOwnToken(token) };
    const arrival = { kind: "door", id, address: connection.address, ...shown } as const;
    const device = await this.#asked(() => reception.admit(arrival, hungUp.signal));
    const station = new DoorStation({
      id,
      device,
      connection,
      clock,
      onEvent: (event) => this.#house.happened(station, event),
      onLeft: () => {
        sound.end();
        this.#house.stationLeft(station);
      },
    });
    const announced = audio && { sampleRateHz: audio.sample_rate, channels: audio.channels };
    const sound = new StationSound({ station, clock, announced });
    // A newer connection has the device already when the older one is told.
    const lost = () => queueMicrotask(() => connection.end(this.#whyLost(id)));
    device.signal.addEventListener("abort", lost, { once: true });
    device.offerSpeaker(sound.speaker);
    device.ready();
    device.phase("live");
    this.#registered(register, connection);
    this.#house.stationCame(station);
    background(serveOrders({ station, sound, opensDoor: (command) => this.#house.opensDoor(command, id) }), (err) =>
      device.log.error({ err }, "commands of a door station ended"),
    );
    return station;
  }

  #client(register: ToHub<"register">, connection: Connection): Party {
    const { client_id: clientId, token } = register;
    const { reception, identity } = this.#hub;
    const principal = token === undefined ? undefined : identity.credentials.find(token);
    if (!principal && (token !== undefined || !reception.isOpen)) throw unauthorized(token);
    const key = principal ? `${principal.userId} ${clientId}` : `guest ${addressBlock(connection.address)} ${clientId}`;
    const others = this.#house.clients.filter((client) => client.clientId === clientId);
    if (others.some((client) => client.key !== key)) {
      throw new WireError("client_id: somebody else is connected under it", { code: "duplicate_client_id" });
    }
    const name = principal ? `${principal.name} (${clientId})` : clientId;
    const client = new DoorClient({
      clientId,
      key,
      name,
      principal,
      may: (right, deviceId) => this.#house.may(principal, right, deviceId),
      connection,
      house: this.#house,
    });
    for (const other of others) other.connection.end("replaced");
    if (principal) this.#attach(principal, connection);
    this.#registered(register, connection);
    this.#house.clientCame(client);
    return client;
  }

  #attach(principal: Principal, connection: Connection): void {
    const attached = this.#hub.identity.attachments.attach(principal, () => connection.end("revoked"));
    connection.signal.addEventListener("abort", () => attached[Symbol.dispose](), { once: true });
  }

  #registered({ role, client_id }: ToHub<"register">, connection: Connection): void {
    const features = [...connection.features];
    connection.say({ type: "registered", status: "ok", role, client_id, ...(features.length > 0 && { features }) });
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof DoorwardError)) throw error;
      throw new WireError(messageOf(error), { code: reasonOf(error), cause: error });
    }
  }

  #whyLost(id: string): string {
    const device = this.#hub.devices.get(id);
    if (!device) return "revoked";
    if (!device.settings.enabled) return "disabled";
    return device.state.phase === "away" ? "revoked" : "replaced";
  }
}

/** A token that a station made by itself: letting it in is letting that token in, and nobody has to carry one to it. */
function isOwnToken(token: string): boolean {
  return /^dwd_own_[\w-]{43}$/.test(token);
}

/** The device that a station of this name is: lower case, `-` for what is neither letter nor digit. */
export function stationIdOf(clientId: string): string | undefined {
  const id = clientId
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 48)
    .replace(/^-+|-+$/g, "");
  return id === "" ? undefined : id;
}

function unauthorized(token: string | undefined): WireError {
  const what =
    token === undefined
      ? "a client shows a person's token (page, Tokens) as `token` when it registers"
      : "the token does not count: it is wrong, too old, or was taken away";
  return new WireError(what, { code: "unauthorized" });
}
