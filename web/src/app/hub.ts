import {
  ApiError,
  type CallView,
  call,
  type Fault,
  type HubMessage,
  type MutedBell,
  type PageDevice,
  type PageMessage,
  type Ring,
  type Session,
  sentence,
  type Waiting,
  type WallLayout,
} from "../api.ts";
import { at } from "../net/at.ts";
import { HubSocket } from "../net/socket.ts";
import { TalkLog } from "../pure/talk-log.ts";
import { inWallOrder, untouchedWall } from "../pure/wall-order.ts";
import type { Said } from "../talk/dw-talk.ts";
import { takeSession } from "./first-session.ts";
import { isOutdated } from "./installed.ts";
import { Looks } from "./looks.ts";
import { unsubscribe } from "./notifications.ts";

/**
 * What the page knows of its hub. Events: `change` (anything shown may differ), `talk` (detail: the hub's answer to this
 * page's wish to talk), `hearing` (detail: who hears it), `call` (detail: what happened to a call).
 */
export class Hub extends EventTarget {
  session: Session | undefined;
  /** Why the session could not be read, as a sentence. */
  problem = "";
  /** Why the hub ended the session, until somebody signs in. */
  signedOut = "";
  /** False while the line to the hub is down. */
  connected = true;
  /** The hub was updated while this page was open. */
  outdated = false;
  /** False until the first list came. */
  known = false;
  /** What is wrong with the hub now; empty for whoever cannot do anything about it. */
  faults: readonly Fault[] = [];
  /** Devices that wait to be let in; empty for whoever may not let them in. */
  waiting: readonly Waiting[] = [];
  /** The calls that ring or are answered, by id, as far as this page has to do with them. */
  readonly calls = new Map<string, CallView>();
  /** Bells that ring nobody for a while because nobody answered them. */
  mutedBells: readonly MutedBell[] = [];
  /** Who rings devices that are seen here, until the chime is over. */
  rings: readonly Ring[] = [];
  /** The device for which this page speaks; empty on a person's page. */
  station = "";
  /** How this person arranged their wall. */
  wall: WallLayout = untouchedWall;
  /** Who spoke to whom while this page was open. */
  readonly talks = new TalkLog();
  /** What is looked at here. */
  readonly looks = new Looks((message) => this.send(message));
  #devices = new Map<string, PageDevice>();
  #groups: ReadonlyMap<string, readonly string[]> = new Map();
  #previews = new Map<string, PageDevice>();
  #socket: HubSocket | undefined;
  #scope: AbortController | undefined;
  #downSince: number | undefined;

  /** Devices in the order of the wall; previews are not among them. */
  get devices(): readonly PageDevice[] {
    return inWallOrder([...this.#devices.values()], this.wall);
  }

  /** The areas in use. */
  get areas(): readonly string[] {
    return [...new Set(this.devices.flatMap(({ area }) => (area ? [area] : [])))];
  }

  /** The configured groups, name to ids of devices. */
  get groups(): ReadonlyMap<string, readonly string[]> {
    return this.#groups;
  }

  get administrator(): boolean {
    return this.session?.user?.administrator ?? false;
  }

  /** A device or a preview. */
  device(id: string): PageDevice | undefined {
    return this.#devices.get(id) ?? this.#previews.get(id);
  }

  /** Asks who is signed in, and opens the line if somebody is. */
  async start(): Promise<void> {
    try {
      this.session = await call<Session>("GET", "/api/v1/session", { asked: takeSession() });
      this.problem = "";
    } catch (error) {
      this.problem = sentence(error);
    }
    if (this.session?.user) this.#connect();
    this.#changed();
  }

  /** Opens the line for whoever is known to the hub already by the page in which ours stands, and asks who that is. */
  async startSignedIn(): Promise<void> {
    const signal = this.#connect();
    await this.#untilKnown(signal);
    if (signal.aborted) return;
    const session = await call<Session>("GET", "/api/v1/session").catch(() => undefined);
    if (signal.aborted) return;
    this.session = session;
    this.#changed();
  }

  /** Opens the line for a device that was let in; it sees and speaks with the device's own rights. */
  startAsStation(deviceId: string): void {
    this.station = deviceId;
    this.#connect();
  }

  /** Ends the line: the device is on another page now, or waits. */
  stop(): void {
    this.#forget();
    this.#changed();
  }

  /** After set-up or log-in. */
  async signedIn(): Promise<void> {
    this.signedOut = "";
    await this.start();
  }

  /** Ends the session here and at the hub. */
  async signOut(): Promise<void> {
    // Whoever signs out here is not rung here any more: the browser forgets the address that the hub has.
    await unsubscribe().catch(() => {});
    try {
      await call("POST", "/api/v1/logout");
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
    }
    this.#forget();
    this.signedOut = "";
    await this.start();
  }

  /** Notes who heard what this page said, for the last talks; a listener for `dw-said`. */
  readonly onSaid = (event: CustomEvent<Said>): void => {
    const own = this.station ? this.device(this.station)?.name : this.session?.user?.name;
    if (own !== undefined) this.talks.said({ name: own, ...event.detail });
  };

  send(message: PageMessage): boolean {
    return this.#socket?.send(message) ?? false;
  }

  /** Arranges the wall of this person, here at once and at their other devices. Throws what the hub answers if it does not keep it. */
  async arrange(change: Partial<WallLayout>): Promise<void> {
    const before = this.wall;
    this.wall = { ...before, ...change };
    this.#changed();
    try {
      await call("PATCH", "/api/v1/wall", { body: change });
    } catch (error) {
      this.wall = before;
      this.#changed();
      throw error;
    }
  }

  /** Takes over what an answer said about a device, before the hub's own message comes. */
  learn(device: PageDevice): void {
    const list = device.permanent ? this.#devices : this.#previews;
    list.set(device.id, { ...list.get(device.id), ...device });
    this.#changed();
  }

  /** Forgets a device that was removed. */
  lose(id: string): void {
    this.#devices.delete(id);
    this.#previews.delete(id);
    this.#changed();
  }

  /** Until the first list came, or the line was given up. */
  async #untilKnown(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => this.known && resolve();
    this.addEventListener("change", look, { signal });
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    this.removeEventListener("change", look);
  }

  /** Opens a line of its own; the signal ends with it. */
  #connect(): AbortSignal {
    this.#scope?.abort();
    const scope = new AbortController();
    this.#scope = scope;
    const url = new URL(at("/api/v1/events"), location.href);
    if (this.station) url.searchParams.set("device", this.station);
    url.protocol = url.protocol.replace("http", "ws");
    this.#socket = new HubSocket({
      url: url.href,
      signal: scope.signal,
      onMessage: (message) => this.#onMessage(message),
      onConnected: (connected) => void this.#onConnected(connected),
    });
    return scope.signal;
  }

  async #onConnected(connected: boolean): Promise<void> {
    const back = connected && !this.connected;
    this.connected = connected;
    this.#changed();
    if (back && (await isOutdated())) {
      this.outdated = true;
      this.#changed();
    }
    if (connected || this.station) {
      this.#downSince = undefined;
      return;
    }
    // A line that does not come back may mean that the session is over: ask, but not on every blink.
    this.#downSince ??= Date.now();
    if (Date.now() - this.#downSince < 1500) return;
    const session = await call<Session>("GET", "/api/v1/session").catch(() => undefined);
    if (session && !session.user) {
      this.#forget();
      this.session = session;
      this.#changed();
    }
  }

  #onMessage(message: HubMessage): void {
    switch (message.type) {
      case "devices":
        this.#devices = new Map(message.devices.filter(({ permanent }) => permanent).map((each) => [each.id, each]));
        this.known = true;
        this.looks.tell();
        // The hub tells what is wrong right after this.
        this.faults = [];
        this.waiting = [];
        this.#forgetCalls();
        this.rings = [];
        break;
      case "device":
        this.learn(message.device);
        return;
      case "removed":
        this.lose(message.id);
        return;
      case "wall":
        this.wall = message.layout;
        break;
      case "groups":
        this.#groups = new Map(Object.entries(message.groups));
        break;
      case "talk":
      case "hearing":
        this.dispatchEvent(new CustomEvent(message.type, { detail: message }));
        return;
      case "ring":
        this.dispatchEvent(new CustomEvent("ring", { detail: message.ring }));
        // A call is shown by itself.
        if (message.ring.callId === undefined) this.rings = [...this.rings, message.ring];
        break;
      case "ring-over":
        this.rings = this.rings.filter(({ id }) => id !== message.id);
        break;
      case "calls":
        this.calls.clear();
        for (const one of message.calls) this.calls.set(one.id, one);
        this.mutedBells = message.mutedBells;
        break;
      case "call":
        if (message.call.state === "ended") this.calls.delete(message.call.id);
        else this.calls.set(message.call.id, message.call);
        this.dispatchEvent(new CustomEvent("call", { detail: message }));
        break;
      case "waiting":
        this.waiting = message.waiting;
        break;
      case "faults":
        this.faults = message.faults;
        break;
      case "signed-out":
        this.signedOut = message.reason;
        this.#forget();
        // A station asks by itself whether it is still let in.
        if (!this.station) void this.start();
        return;
      case "microphone": // of a player that takes the floor by being heard; ours asks for it
      // What happens at devices the page shows from `device`, and calls by `call`.
      case "availability":
      case "motion":
      case "floor":
      case "lock":
      case "presence":
      case "error":
      case "pong":
        return;
    }
    this.#changed();
  }

  #forget(): void {
    this.#scope?.abort();
    this.#scope = undefined;
    this.#socket = undefined;
    this.#devices.clear();
    this.#previews.clear();
    this.known = false;
    this.wall = untouchedWall;
    this.connected = true;
    this.faults = [];
    this.waiting = [];
    this.#forgetCalls();
  }

  #forgetCalls(): void {
    this.calls.clear();
    this.mutedBells = [];
  }

  #changed(): void {
    this.talks.see([...this.#devices.values()], Date.now());
    this.dispatchEvent(new Event("change"));
  }
}
