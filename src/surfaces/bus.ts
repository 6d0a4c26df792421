import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import { Seldom } from "../util/seldom.ts";
import { DeviceComponents } from "./device-components.ts";
import { Discoveries } from "./discoveries.ts";
import { HubComponents } from "./hub-components.ts";

/** A message that came. */
export interface BusMessage {
  readonly topic: string;
  /** What it says, as text; what is no UTF-8 never gets here. */
  readonly payload: string;
  /** True for what the broker had kept from before: it tells how things stood, and is never a command. */
  readonly retained: boolean;
}

/** How a message is sent. */
export interface PublishOptions {
  /** The broker keeps it for whoever comes later; an empty one removes what it kept. */
  readonly retain?: boolean;
  /**
   * 0 sends once, 1 sends until it was taken. Unless told 1 for what is kept and 0 for the rest: brokers keep the order only
   * among messages of one quality.
   */
  readonly qos?: 0 | 1;
  /** Seconds after which nobody gets it any more; works with MQTT 5, and says nothing to older brokers. */
  readonly expiryS?: number;
}

/** What somebody has to say again whenever others may have lost it, in the order in which Home Assistant needs it. */
export interface Presence {
  /** What there is. */
  readonly discovery?: () => void;
  /** That it is there; after the discovery of all. */
  readonly availability?: () => void;
  /** How everything stands; after the availability of all. */
  readonly states?: () => void;
}

/** Messages by topic, between the hub and whatever speaks MQTT with it. Without the surface `mqtt` nobody is there. */
export interface MessageBus {
  /** True while messages get through. */
  readonly connected: boolean;
  /** Calls `listener` when that changes. */
  onChange(listener: () => void): Disposable;
  /** Sends, and says whether it could: nothing is kept for later, since {@link present} says it all again. */
  publish(topic: string, payload: string | Uint8Array, options?: PublishOptions): boolean;
  /** Sends what is to be done now or never: not kept, and gone after five seconds. */
  command(topic: string, payload: string): boolean;
  /** Calls `handler` with each message whose topic fits `filter` (`+` is one level, `#` at the end the rest). */
  subscribe(filter: string, handler: (message: BusMessage) => void): Disposable;
  /** The same for commands: what the broker had kept is passed over, or doors would open after each restart. */
  onCommand(filter: string, handler: (message: BusMessage) => void): Disposable;
  /** Says `presence` now, after each connect, and when Home Assistant has started. */
  present(presence: Presence): Disposable;
  /** The hub's own entities in Home Assistant. */
  readonly hubComponents: Pick<HubComponents, "add">;
  /** What surfaces add to the entities of the hub's devices there. */
  readonly deviceComponents: Pick<DeviceComponents, "set">;
  /** What Home Assistant is told of devices. */
  readonly discoveries: Pick<Discoveries, "tell" | "remove">;
}

/** A connection to a broker, as the bus uses it. */
export interface BusLink {
  publish(topic: string, payload: string | Uint8Array, options: PublishOptions): void;
  subscribe(filter: string): void;
  unsubscribe(filter: string): void;
}

/** Longest payload that is sent or taken, in bytes. */
export const maxPayloadBytes = 256 * 1024;
/** Seconds for which a command is good. */
export const commandExpiryS = 5;

const sayEveryMs = 60_000;

interface Subscription {
  readonly filter: string;
  readonly handler: (message: BusMessage) => void;
}

/** The bus itself, into which the surface `mqtt` plugs its connection. */
export class Bus implements MessageBus, Disposable {
  readonly hubComponents: HubComponents;
  readonly deviceComponents: DeviceComponents;
  readonly discoveries: Discoveries;
  readonly #subscriptions = new Set<Subscription>();
  readonly #presences = new Set<Presence>();
  readonly #changes: Listeners<void>;
  readonly #seldom: Seldom;
  readonly #log: Log;
  #link: BusLink | undefined;
  #announced = false;

  constructor(options: { readonly clock: Clock; readonly log: Log }) {
    this.#log = options.log;
    this.hubComponents = new HubComponents(options);
    this.deviceComponents = new DeviceComponents(options);
    this.discoveries = new Discoveries({
      publish: (topic, payload, how) => this.publish(topic, payload, { retain: true, qos: 1, ...how }),
      isConnected: () => this.connected,
      clock: options.clock,
    });
    this.#seldom = new Seldom({ clock: options.clock, everyMs: sayEveryMs });
    this.#changes = new Listeners((error) => options.log.error({ err: error }, "listener of the message bus failed"));
    this.subscribe("homeassistant/+/+/config", (message) => this.discoveries.notice(message));
    this.present({ discovery: () => this.discoveries.sayAll() });
  }

  get connected(): boolean {
    return this.#link !== undefined;
  }

  onChange(listener: () => void): Disposable {
    return this.#changes.add(listener);
  }

  publish(topic: string, payload: string | Uint8Array, options: PublishOptions = {}): boolean {
    if (Buffer.byteLength(payload) > maxPayloadBytes) {
      this.#say(`long ${topic}`, { topic }, "MQTT: a message of over 256 KiB is not sent");
      return false;
    }
    this.#link?.publish(topic, payload, { qos: options.retain ? 1 : 0, ...options });
    return this.connected;
  }

  command(topic: string, payload: string): boolean {
    return this.publish(topic, payload, { qos: 1, expiryS: commandExpiryS });
  }

  subscribe(filter: string, handler: (message: BusMessage) => void): Disposable {
    const subscription = { filter, handler };
    this.#subscriptions.add(subscription);
    // Also for a filter that is there already: the broker tells a newcomer what it has kept.
    this.#link?.subscribe(filter);
    return {
      [Symbol.dispose]: () => {
        const was = this.#subscriptions.delete(subscription);
        if (was && !this.#filters().has(filter)) this.#link?.unsubscribe(filter);
      },
    };
  }

  onCommand(filter: string, handler: (message: BusMessage) => void): Disposable {
    return this.subscribe(filter, (message) => {
      if (message.retained) this.#log.debug({ topic: message.topic }, "MQTT: a kept message is no command");
      else handler(message);
    });
  }

  present(presence: Presence): Disposable {
    const own = { ...presence };
    this.#presences.add(own);
    if (this.#announced) this.#tell([own]);
    return { [Symbol.dispose]: () => this.#presences.delete(own) };
  }

  /** Says everything again: what there is, that it is there, how it stands. */
  announce(): void {
    if (!this.connected) return;
    this.#announced = true;
    this.#tell([...this.#presences]);
  }

  [Symbol.dispose](): void {
    this.discoveries[Symbol.dispose]();
  }

  /** A connection stands, with nothing subscribed yet. Disposed when it is lost; `announce` has to follow. */
  plug(link: BusLink): Disposable {
    this.#link = link;
    for (const filter of this.#filters()) link.subscribe(filter);
    this.#changes.emit();
    return {
      [Symbol.dispose]: () => {
        if (this.#link !== link) return;
        this.#link = undefined;
        this.#announced = false;
        this.#changes.emit();
      },
    };
  }

  /** A message came over the connection. Whatever it is, it disturbs nothing. */
  receive(message: { readonly topic: string; readonly payload: Uint8Array; readonly retained: boolean }): void {
    const { topic, retained } = message;
    const payload = textOf(message.payload);
    if (payload === undefined) {
      this.#say(`odd ${topic}`, { topic, bytes: message.payload.length }, "MQTT: no text, or too long, passed over");
      return;
    }
    for (const { filter, handler } of [...this.#subscriptions]) {
      if (matchesFilter(filter, topic)) this.#guarded(topic, () => handler({ topic, payload, retained }));
    }
  }

  #tell(presences: readonly Presence[]): void {
    for (const part of ["discovery", "availability", "states"] as const) {
      for (const presence of presences) this.#guarded(part, () => presence[part]?.());
    }
  }

  #guarded(topic: string, run: () => void): void {
    try {
      run();
    } catch (err) {
      this.#say(`failed ${topic}`, { err, topic }, `MQTT: ${topic}: ${messageOf(err)}`);
    }
  }

  #say(key: string, fields: object, message: string): void {
    if (this.#seldom.isNews(key)) this.#log.warn(fields, message);
  }

  #filters(): ReadonlySet<string> {
    return new Set([...this.#subscriptions].map(({ filter }) => filter));
  }
}

/** True when `topic` fits `filter` (MQTT 5.0, 4.7): `+` one level, `#` the rest, neither at the start of `$...`. */
export function matchesFilter(filter: string, topic: string): boolean {
  const wanted = filter.split("/");
  const levels = topic.split("/");
  if (topic.startsWith("$") && (wanted[0] === "+" || wanted[0] === "#")) return false;
  for (const [at, level] of wanted.entries()) {
    if (level === "#") return true;
    if (levels[at] === undefined || (level !== "+" && level !== levels[at])) return false;
  }
  return wanted.length === levels.length;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function textOf(payload: Uint8Array): string | undefined {
  if (payload.length > maxPayloadBytes) return undefined;
  try {
    return utf8.decode(payload);
  } catch {
    return undefined;
  }
}
