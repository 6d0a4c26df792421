import type { Clock } from "../util/clock.ts";
import { type DeviceDocument, discoveryTopic, singleEntityTopics } from "./discovery.ts";
import type { Said, ToldStore } from "./told-store.ts";

/** A device to be told of. */
export interface Telling {
  readonly id: string;
  /** The hub's device that it is; absent for the hub itself. */
  readonly deviceId?: string;
  readonly document: DeviceDocument;
  /** Other topics on which its entities were told of before: they keep their names when they move. Those that the broker kept, unless given. */
  readonly former?: readonly string[];
  /** Somebody else tells of what is gone at once: it is taken away with this word. */
  readonly handsOver?: boolean;
}

/** How it is published: kept by the broker. False while nobody is connected. */
type Publish = (topic: string, payload: string, options: { readonly expiryS?: number }) => boolean;

/** Options of {@link Discoveries}. */
export interface DiscoveriesOptions {
  readonly publish: Publish;
  readonly isConnected: () => boolean;
  readonly clock: Clock;
}

/** Who knows of devices and of who else shows them. */
export interface DiscoveryRules {
  /** False for what Home Assistant is to know nothing of by MQTT; of the hub itself without an id. */
  shows(deviceId: string | undefined): boolean;
  /** False for a device that is no more. */
  exists(deviceId: string): boolean;
  /** The further topic on which an earlier version told of a device's bell; each is given once. */
  moved(id: string): string | undefined;
  /** The same of devices that are no more. */
  strays(): readonly string[];
  readonly store: ToldStore;
}

/**
 * Home Assistant (2026.11, `mqtt/discovery.py`) leaves out the rest of a device's message when it is still busy with one entity of the
 * message before: so long is waited between two of them.
 */
export const stepMs = 2000;
/** An entity that is left out may come back while the hub starts; then it is no more, and its owner's name for it goes, too. */
export const goneMs = 5000;
/** A word that is for those who listen now; brokers of MQTT 5 forget it then. */
const moveExpiryS = 3600;
const maxSeen = 4096;

/**
 * What Home Assistant is told of devices over MQTT: one kept message each, taken away when the device is no more, when somebody else
 * shows it, and entity by entity when one is no more. What was said is remembered over restarts.
 */
export class Discoveries implements Disposable {
  readonly #options: DiscoveriesOptions;
  readonly #wanted = new Map<string, Telling>();
  #said = new Map<string, Said>();
  /** What is done later, by what it is and the device's id. */
  readonly #steps = new Map<string, Disposable>();
  /** When each was published last, in microseconds. */
  readonly #lastUs = new Map<string, number>();
  /** Topics of single entities for which the broker keeps something. */
  readonly #seen = new Set<string>();
  #rules: DiscoveryRules | undefined;

  constructor(options: DiscoveriesOptions) {
    this.#options = options;
  }

  /** Tells of a device as it is now, or is remembered for when there is somebody to tell. */
  tell(telling: Telling): void {
    this.#wanted.set(telling.id, telling);
    this.#sync(telling.id);
  }

  /** It is no more: Home Assistant forgets it with all its entities. */
  remove(id: string): void {
    this.#wanted.delete(id);
    this.#sync(id);
  }

  /** From now on these rules hold; without any everything is told, and nothing remembered. */
  follow(rules: DiscoveryRules): void {
    this.#rules = rules;
    this.#said = new Map([...rules.store.load(), ...this.#said]);
    this.sayAll();
  }

  /** Says all of it again, and takes away what the rules do not show any more. */
  sayAll(): void {
    if (!this.#options.isConnected()) return;
    for (const topic of this.#rules?.strays() ?? []) this.#publish(topic, "");
    for (const id of new Set([...this.#wanted.keys(), ...this.#said.keys()])) this.#sync(id);
  }

  /** Of another's message about a single entity: what the broker keeps may be ours from before. */
  notice({
    topic,
    payload,
    retained,
  }: {
    readonly topic: string;
    readonly payload: string;
    readonly retained: boolean;
  }) {
    if (payload === "" || !retained) this.#seen.delete(topic);
    else if (this.#seen.size < maxSeen && /^homeassistant\/[a-z_]+\/intercom_/.test(topic)) this.#seen.add(topic);
  }

  [Symbol.dispose](): void {
    for (const step of this.#steps.values()) step[Symbol.dispose]();
  }

  #sync(id: string): void {
    if (!this.#options.isConnected()) return;
    const telling = this.#wanted.get(id);
    const said = this.#said.get(id);
    const shown = telling !== undefined && this.#shows(telling.deviceId);
    if (shown) {
      const isHandedOver = telling.handsOver === true && Object.keys(goneOf(telling, said)).length > 0;
      const waitMs = isHandedOver ? 0 : this.#waitMs(id);
      if (waitMs > 0) this.#later(`say ${id}`, waitMs, () => this.#sync(id));
      else this.#say(telling, said);
      return;
    }
    const moved = telling && this.#rules?.moved(id);
    if (moved !== undefined) this.#publish(moved, "");
    // A station that is away is not told of yet, and stays.
    const isAway = telling === undefined && said !== undefined && this.#stays(said);
    if (said !== undefined && !isAway) this.#empty(id);
  }

  #shows(deviceId: string | undefined): boolean {
    return this.#rules?.shows(deviceId) ?? true;
  }

  /** True for what may be told of later in this life: its device is still there. */
  #stays({ device }: Said): boolean {
    if (!this.#rules || !this.#shows(device)) return false;
    return device === undefined || this.#rules.exists(device);
  }

  #empty(id: string): void {
    for (const step of ["say", "gone"]) {
      this.#steps.get(`${step} ${id}`)?.[Symbol.dispose]();
      this.#steps.delete(`${step} ${id}`);
    }
    this.#publish(discoveryTopic(id), "");
    this.#remember(id, undefined);
  }

  /** How long Home Assistant may still be busy with what it was told of a device. */
  #waitMs(id: string): number {
    const lastUs = this.#lastUs.get(id);
    return lastUs === undefined ? 0 : stepMs - (this.#options.clock.nowUs() - lastUs) / 1000;
  }

  #say(telling: Telling, said: Said | undefined): void {
    const { id, former = singleEntityTopics(id).filter((topic) => this.#seen.has(topic)) } = telling;
    const moved = this.#rules?.moved(id);
    if (moved !== undefined) {
      // An empty message there would be one about nothing by then, of which Home Assistant complains.
      this.#publish(moved, JSON.stringify({ migrate_discovery: true }), { expiryS: moveExpiryS });
      this.#lastUs.set(id, this.#options.clock.nowUs());
      this.#sync(id);
      return;
    }
    const gone = goneOf(telling, said);
    const isGone = Object.keys(gone).length > 0;
    if (isGone && telling.handsOver) {
      this.#takeAway(telling, gone);
      return;
    }
    for (const topic of former) this.#publish(topic, JSON.stringify({ migrate_discovery: true }));
    this.#publishDocument(telling);
    for (const topic of former) this.#publish(topic, "");
    this.#remember(id, { device: telling.deviceId, components: { ...platformsOf(telling), ...gone } });
    if (isGone) this.#later(`gone ${id}`, goneMs, () => this.#next(id));
  }

  #next(id: string): void {
    const telling = this.#wanted.get(id);
    const gone = telling ? goneOf(telling, this.#said.get(id)) : {};
    if (!telling || Object.keys(gone).length === 0) return;
    if (this.#options.isConnected() && this.#shows(telling.deviceId)) this.#takeAway(telling, gone);
  }

  /** An entity that is no more is told by its platform alone first, and left out after. */
  #takeAway(telling: Telling, gone: Said["components"]): void {
    const platforms = Object.entries(gone).map(([name, platform]) => [name, { platform }]);
    this.#publishDocument(telling, Object.fromEntries(platforms));
    this.#remember(telling.id, { device: telling.deviceId, components: platformsOf(telling) });
    this.#sync(telling.id);
  }

  #later(step: string, ms: number, act: () => void): void {
    if (this.#steps.has(step)) return;
    const timer = this.#options.clock.timer(ms, () => {
      this.#steps.delete(step);
      act();
    });
    this.#steps.set(step, timer);
  }

  #publishDocument(
    { id, document }: Telling,
    instead: Readonly<Record<string, { readonly platform: string }>> = {},
  ): void {
    const components = { ...document.components, ...instead };
    this.#lastUs.set(id, this.#options.clock.nowUs());
    this.#publish(discoveryTopic(id), JSON.stringify({ ...this.#reached(document), components }));
  }

  /** Through a hub that is not shown nothing is reached. */
  #reached(document: DeviceDocument): DeviceDocument {
    const { via_device: via, ...device } = document.device;
    return via === undefined || this.#shows(undefined) ? document : { ...document, device };
  }

  #publish(topic: string, payload: string, options: { readonly expiryS?: number } = {}): void {
    this.#options.publish(topic, payload, options);
  }

  #remember(id: string, said: Said | undefined): void {
    const before = this.#said.get(id);
    if (said) this.#said.set(id, said);
    else this.#said.delete(id);
    if (JSON.stringify(before) !== JSON.stringify(said)) this.#rules?.store.save(id, said);
  }
}

function platformsOf({ document: { components } }: Telling): Said["components"] {
  return Object.fromEntries(Object.entries(components).map(([name, { platform }]) => [name, platform]));
}

/** What Home Assistant was told of and is not there any more. */
function goneOf({ document: { components } }: Telling, said: Said | undefined): Said["components"] {
  const gone = Object.entries(said?.components ?? {}).filter(
    ([name, platform]) => components[name]?.platform !== platform,
  );
  return Object.fromEntries(gone);
}
