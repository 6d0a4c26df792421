import type { WebSocket } from "ws";
import type { Hub } from "../../../hub/hub.ts";
import { background } from "../../../util/background.ts";
import { DoorwardError, messageOf } from "../../../util/errors.ts";
import { Serial } from "../../../util/serial.ts";
import type { RoomStations } from "../stations.ts";
import { Client, type ClientHost, type Identify } from "./client.ts";
import { ClientDevice } from "./client-device.ts";
import { targetsOf } from "./client-targets.ts";
import type { Ringing } from "./ringing.ts";
import type { ReachOptions, Who } from "./who.ts";

/** Options of {@link Clients}. */
export interface ClientsOptions {
  readonly hub: Hub;
  readonly stations: Pick<RoomStations, "list" | "onChange">;
  readonly emergency: ReachOptions["emergency"];
  readonly version: string;
  readonly hubName: string;
  readonly ringing: Ringing;
}

/** A connection that was let on. */
export interface Connected {
  readonly socket: WebSocket;
  readonly address: string;
  /** The token that it showed as `Authorization: Bearer`. */
  readonly token: string | undefined;
  /** Its sound comes without the byte of priority. */
  readonly plain: boolean;
}

/** Changes of devices within this time are told at once. */
const mergeMs = 100;
/** Who waits to be let in is asked for again at this pace, so that they go on waiting. */
const againMs = 30_000;
/** A device that nobody set up is forgotten when none of its connections came back for so long. */
const forgetMs = 60_000;

/** All connections of clients: who they are, and what is told to all of them. Its owner disposes it. */
export class Clients implements ClientHost, Disposable {
  readonly #options: ClientsOptions;
  readonly #clients = new Set<Client>();
  readonly #devices = new Map<string, ClientDevice>();
  readonly #entering = new Serial();
  readonly #held = new DisposableStack();
  #news: Disposable | undefined;
  #again: Disposable | undefined;

  constructor(options: ClientsOptions) {
    this.#options = options;
    const { hub, stations, ringing } = options;
    this.#held.use(hub.devices.onChange((event) => this.#changed(event.id)));
    this.#held.use(hub.onGroups(() => this.#tellSoon()));
    this.#held.use(stations.onChange(() => this.#tellSoon()));
    this.#held.use(hub.reception.onWaiting(() => this.#retry()));
    this.#held.use(ringing.onChimes(() => this.#toAll((client) => this.tellChimes(client))));
    this.#held.use(
      ringing.onRing((ring) =>
        this.#toAll(
          (client) =>
            ring.deviceIds.includes(client.device?.id ?? "") &&
            client.tell({ type: "recent_call", caller: ring.caller }),
        ),
      ),
    );
    this.#held.defer(() => this.#news?.[Symbol.dispose]());
    this.#held.defer(() => this.#again?.[Symbol.dispose]());
  }

  /** All that are connected. */
  list(): readonly Client[] {
    return [...this.#clients];
  }

  /** A client has connected: the socket is ours now. */
  connected({ socket, address, token, plain }: Connected): void {
    const { hub, stations, emergency, version, hubName } = this.#options;
    const who = this.#whoOf(token);
    const client = new Client({ socket, address, token, plain, hub, stations, emergency, hubName, host: this });
    this.#become(client, who);
    this.#clients.add(client);
    client.start(() => {
      this.#clients.delete(client);
      this.#leave(client);
    });
    client.tell({ type: "init", version, status: "idle" });
    if (!who) return;
    this.tellTargets(client);
    this.tellChimes(client);
  }

  identify(client: Client, as: Identify): void {
    if (as.token !== undefined) {
      client.token = as.token;
      this.#become(client, this.#whoOf(as.token));
      const kept = as.token.startsWith("dwd_") || client.who !== undefined;
      if (!kept) {
        client.close("The token does not count: it is wrong, too old, or was taken away.");
        return;
      }
    }
    client.identity = as;
    client.lastRefusal = undefined;
    this.#enter(client);
  }

  call(client: Client, target: string): void {
    const talker = client.talker();
    const tell = (message: string) => client.tell({ type: "error", message });
    if (talker) this.#options.ringing.ring({ talker, target, tell });
    else client.refuseUnknown();
  }

  chooseChime(client: Client, chime: string): void {
    if (!client.talker()) client.refuseUnknown();
    else if (!this.#options.ringing.choose(chime)) {
      client.tell({ type: "error", message: `There is no chime ${chime}.` });
    }
  }

  settings(client: Client, change: Parameters<ClientHost["settings"]>[1]): void {
    const { hub } = this.#options;
    const id = client.device?.id;
    if (id === undefined) {
      client.refuseUnknown();
      return;
    }
    background(hub.devices.update(id, change), (error) => client.tell({ type: "error", message: messageOf(error) }));
  }

  tellTargets(client: Client, how: { readonly asked: boolean } = { asked: true }): void {
    const { hub, stations } = this.#options;
    const { who } = client;
    if (!who || (who.kind === "guest" && !client.device && !hub.reception.isOpen)) return;
    client.tellTargets(targetsOf({ hub, stations, who, ownId: client.device?.id }), how);
  }

  tellChimes(client: Client): void {
    if (client.who) client.tell({ type: "chimes", ...this.#options.ringing.chimes() });
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
    for (const client of this.#clients) client.close("The hub ends.");
  }

  /** Who somebody is by a token; a device's token counts together with its name. Guests are there where all are let in. */
  #whoOf(token: string | undefined): Who | undefined {
    const { identity, reception } = this.#options.hub;
    const principal = token === undefined ? undefined : identity.credentials.find(token);
    if (principal?.via === "token") return { kind: "known", principal };
    return token === undefined && reception.isOpen ? { kind: "guest" } : undefined;
  }

  /** A person's client ends with their token. */
  #become(client: Client, who: Who | undefined): void {
    client.who = who;
    if (who?.kind !== "known" || who.principal.via === "device") return;
    const end = () => client.close("The token was taken away, or what it may do was changed.");
    client.held.use(this.#options.hub.identity.attachments.attach(who.principal, end));
  }

  /** Lets it in as the device of its name; one after the other, so that two of one name are one. */
  #enter(client: Client): void {
    background(
      this.#entering.run(async () => {
        try {
          await this.#admit(client);
        } catch (error) {
          if (!(error instanceof DoorwardError)) throw error;
          client.refuse(sayRefusal(error));
          if (error.code === "pending") this.#askAgain();
        }
      }),
      (err) => this.#options.hub.log.error({ err }, "an intercom client was not let in"),
    );
  }

  async #admit(client: Client): Promise<void> {
    const { hub, ringing } = this.#options;
    const { identity: as, token } = client;
    if (!as || !this.#clients.has(client)) return;
    const id = this.#idOf(as.client_id);
    if (client.device && client.device.id !== id) this.#leave(client);
    if (client.device) return this.tellTargets(client);
    const isDevices = token?.startsWith("dwd_") === true;
    const arrival = {
      kind: "room-web",
      id,
      name: as.client_id.trim(),
      address: client.address,
      ...(isDevices && { token }),
    } as const;
    const known = hub.reception.check(arrival);
    const device = this.#devices.get(id) ?? (await this.#lend(arrival));
    if (!this.#clients.has(client)) return device.isEmpty ? device.end() : undefined;
    if (isDevices) {
      const principal = hub.reception.principalOf({ id, token: token ?? "" });
      client.who = principal ? { kind: "known", principal } : { kind: "guest" };
    } else client.who ??= { kind: "guest" };
    client.device = device;
    client.lastRefusal = undefined;
    hub.log.debug({ device: id, known }, "an intercom client came");
    device.enter(client);
    this.tellTargets(client);
    this.tellChimes(client);
    const caller = ringing.recentCaller(id);
    if (caller !== undefined) client.tell({ type: "recent_call", caller });
  }

  async #lend(arrival: Parameters<Hub["reception"]["admit"]>[0]): Promise<ClientDevice> {
    const { hub } = this.#options;
    const over = new AbortController();
    const lent = await hub.reception.admit(arrival, over.signal);
    const device = new ClientDevice({ device: lent, over });
    this.#devices.set(arrival.id, device);
    // What replaced, removed or disabled it is known when this is told.
    lent.signal.addEventListener("abort", () => queueMicrotask(() => this.#lost(device)), { once: true });
    return device;
  }

  /** Its loan ended: nobody is left, or it was taken away, removed, switched off. */
  #lost(device: ClientDevice): void {
    if (this.#devices.get(device.id) === device) this.#devices.delete(device.id);
    for (const client of this.#clients) {
      if (client.device !== device) continue;
      client.loseDevice();
      if (client.who?.kind === "guest" || client.who?.principal.via === "device")
        client.who = this.#whoOf(client.token);
      this.#enter(client);
    }
    this.#forgetLater(device.id);
  }

  #leave(client: Client): void {
    client.loseDevice();
  }

  /** Names come and go where everybody is let in: one that nobody set up and nobody uses is forgotten. */
  #forgetLater(id: string): void {
    const { hub } = this.#options;
    hub.clock.timer(forgetMs, () => {
      const device = hub.devices.get(id);
      if (!device || device.settings.permanent || this.#devices.has(id)) return;
      background(hub.devices.remove(id), (err) => hub.log.warn({ err, device: id }, "a client was not forgotten"));
    });
  }

  /** A device's own name where one is set up under it, otherwise one that is no camera's or station's. */
  #idOf(name: string): string {
    const { devices } = this.#options.hub;
    const plain = name
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "");
    const own = plain.slice(0, 48).replace(/-+$/, "");
    if (devices.get(own)?.info().kind === "room-web") return own;
    return plain.startsWith("web-") ? own : `web-${plain}`.slice(0, 48).replace(/-+$/, "");
  }

  #changed(id: string): void {
    this.#devices.get(id)?.settingsChanged();
    this.#tellSoon();
  }

  #tellSoon(): void {
    this.#news ??= this.#options.hub.clock.timer(mergeMs, () => {
      this.#news = undefined;
      this.#toAll((client) => this.tellTargets(client, { asked: false }));
    });
  }

  #toAll(tell: (client: Client) => void): void {
    for (const client of this.#clients) tell(client);
  }

  /** Whoever was not let in asks again. */
  #retry(): void {
    for (const client of this.#clients) if (client.identity && !client.device) this.#enter(client);
  }

  #askAgain(): void {
    this.#again ??= this.#options.hub.clock.timer(againMs, () => {
      this.#again = undefined;
      this.#retry();
    });
  }
}

function sayRefusal(error: DoorwardError): string {
  if (error.code !== "pending") return error.message;
  return "This client waits to be let in: an administrator of the hub has to approve it (page, Devices).";
}
