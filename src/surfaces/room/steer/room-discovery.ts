import type { HubDevice } from "../../../hub/api.ts";
import { roomTopicOf } from "../../../protocols/room/topics.ts";
import type { Clock } from "../../../util/clock.ts";
import type { MessageBus } from "../../bus.ts";
import { stationCallTopic } from "../../call-topic.ts";
import { besideDocument, type DeviceDocument, deviceDocument } from "../../discovery.ts";
import type { RoomStation } from "../stations.ts";
import { spokenComponents, stationComponents } from "./entities.ts";
import { ownDescriptions } from "./own-descriptions.ts";

/** Options of {@link RoomDiscovery}. */
export interface RoomDiscoveryOptions {
  readonly bus: MessageBus;
  readonly hubId: string;
  readonly version: string;
  readonly stations: () => readonly RoomStation[];
  readonly deviceOf: (deviceId: string) => Pick<HubDevice, "name" | "area"> | undefined;
  /** Whom a station can choose to speak to. */
  readonly targets: () => readonly string[];
  /** Whom it will speak to, as it says: stays among what can be chosen. */
  readonly targetOf: (stationId: string) => string | undefined;
  readonly clock: Clock;
}

/** Firmware describes itself when it connects: so long is waited for that. */
const waitMs = 3000;
const gatherMs = 50;

interface Named extends Pick<HubDevice, "name" | "area"> {
  readonly callTopic: string;
}

interface Described {
  readonly deviceId: string;
  payload: string;
  whole: boolean;
}

/**
 * Tells Home Assistant of room stations. One that describes itself, as the seed's firmware does at each of its starts, keeps its
 * entities, and is given beside them what the hub does for it (announce, ring); every other one is described whole, in device form, and
 * takes over what was told of it one by one. Its owner disposes it; what was told stays.
 */
export class RoomDiscovery implements Disposable {
  readonly #options: RoomDiscoveryOptions;
  readonly #own;
  readonly #told = new Map<string, Described>();
  readonly #waiting = new Map<string, Disposable>();
  readonly #settled = new Set<string>();
  readonly #held = new DisposableStack();
  #gathering: Disposable | undefined;

  constructor(options: RoomDiscoveryOptions) {
    const { bus } = options;
    this.#options = options;
    this.#own = this.#held.use(
      ownDescriptions(bus, { onChange: () => this.changed(), onCame: (id) => this.#wait(id) }),
    );
    this.#held.use(bus.present({ discovery: () => this.changed() }));
    this.changed();
  }

  /** A station, its device, or whom it can speak to may have changed. */
  changed(): void {
    this.#gathering ??= this.#options.clock.timer(gatherMs, () => {
      this.#gathering = undefined;
      this.#look();
    });
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
    this.#gathering?.[Symbol.dispose]();
    for (const timer of this.#waiting.values()) timer[Symbol.dispose]();
  }

  #wait(id: string): void {
    this.#settled.delete(id);
    this.#waiting.get(id)?.[Symbol.dispose]();
    const timer = this.#options.clock.timer(waitMs, () => {
      this.#waiting.delete(id);
      this.#settled.add(id);
      this.#look();
    });
    this.#waiting.set(id, timer);
  }

  #look(): void {
    this.#forgetRemoved();
    for (const station of this.#options.stations()) {
      const { id, deviceId, told } = station;
      const device = deviceId === undefined ? undefined : this.#options.deviceOf(deviceId);
      if (!told || deviceId === undefined || !device) continue;
      if (this.#settled.has(id)) this.#describe(id, { deviceId, device });
      else if (!this.#waiting.has(id)) this.#wait(id);
    }
  }

  /** A device that is merely away stays known. */
  #forgetRemoved(): void {
    const { bus, deviceOf } = this.#options;
    for (const [id, { deviceId }] of this.#told) {
      if (deviceOf(deviceId)) continue;
      this.#told.delete(id);
      bus.discoveries.remove(id);
    }
  }

  #describe(
    id: string,
    { deviceId, device }: { readonly deviceId: string; readonly device: Pick<HubDevice, "name" | "area"> },
  ) {
    const { bus } = this.#options;
    const own = this.#own.of(id);
    const whole = !this.#own.describesItself(id);
    const { name, area } = device;
    const named = { name, area, callTopic: stationCallTopic(this.#options.hubId, deviceId) };
    const document = whole ? this.#whole(id, named) : this.#beside(id, named);
    const payload = JSON.stringify(document);
    const before = this.#told.get(id);
    if (before?.payload === payload) return;
    this.#told.set(id, { deviceId, payload, whole });
    const handsOver = before?.whole === true && !whole;
    bus.discoveries.tell({ id, deviceId, document, former: whole ? [...own.topics.keys()] : [], handsOver });
    if (handsOver) this.#handBack(own.topics);
  }

  /** A station that was taken for one that says nothing describes itself after all: what Home Assistant refused of it is said again. */
  #handBack(topics: ReadonlyMap<string, string>): void {
    const { bus } = this.#options;
    for (const [topic, payload] of topics) bus.publish(topic, payload, { retain: true, qos: 1 });
  }

  #whole(id: string, { name, area, callTopic }: Named): DeviceDocument {
    const { hubId, version, targets, targetOf } = this.#options;
    const target = targetOf(id);
    const others = [...targets(), ...(target === undefined ? [] : [target])].filter((one) => one !== name);
    return deviceDocument({
      ...{ id, name, area, version, model: "Room station", via: hubId },
      identifiers: this.#own.of(id).identifiers,
      availabilityTopics: this.#availability(id),
      components: stationComponents({ id, name, rings: name, callTopic, targets: others, stateIsJson: true }),
    });
  }

  #beside(id: string, { name, callTopic }: Named): DeviceDocument {
    const { version } = this.#options;
    const own = this.#own.of(id);
    return besideDocument({
      ...{ identifiers: own.identifiers, name: own.name ?? name, version },
      availabilityTopics: this.#availability(id),
      components: spokenComponents(id, { rings: name, callTopic }),
    });
  }

  #availability(id: string): readonly string[] {
    return [this.#options.hubId, id].map((station) => roomTopicOf({ kind: "state", station, what: "status" }));
  }
}
