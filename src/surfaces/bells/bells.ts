import type { HubDevice } from "../../hub/api.ts";
import type { CallInfo } from "../../hub/call-info.ts";
import { stationCallTopic } from "../call-topic.ts";
import { type DiscoveredDevice, discoveryPayload } from "../discovery.ts";
import { KeptMessages } from "../kept-messages.ts";
import type { House } from "../surface.ts";
import { bellComponents, callComponent } from "./entities.ts";
import { callMessage, lockMessage } from "./messages.ts";
import type { BellTopics } from "./topics.ts";

/** Options of {@link Bells}. */
export interface BellsOptions extends Pick<House, "hub" | "bus" | "version"> {
  readonly hubId: string;
  /** What a device of the hub is called among stations. */
  readonly stationIdOf: (deviceId: string) => string;
  readonly topics: BellTopics;
  /** Topic that says whether the hub is there. */
  readonly hubStatus: string;
  /** Ids of the devices with a bell that were there in an earlier life, and of those that are there now. */
  readonly former: readonly string[];
  readonly remember: (ids: readonly string[]) => void;
}

/** Changes that come together are told together. */
const gatherMs = 50;
/** What was there in an earlier life and has not come by now is no more. */
const settleMs = 60_000;

/** Tells Home Assistant of every device with a bell, and how its calls and its lock stand. */
export class Bells implements Disposable {
  readonly #options: BellsOptions;
  readonly #discovery: KeptMessages;
  readonly #kept: KeptMessages;
  readonly #held = new DisposableStack();
  #ids: readonly string[] = [];
  #gathering: Disposable | undefined;
  #house: Disposable | undefined;

  constructor(options: BellsOptions) {
    const { bus, hub } = options;
    this.#options = options;
    this.#discovery = new KeptMessages(bus);
    this.#kept = new KeptMessages(bus);
    this.#ids = options.former;
    const isAvailability = (topic: string) => topic.endsWith("/availability");
    this.#look();
    this.#held.use(
      bus.present({
        discovery: () => this.#discovery.sayAll(() => true),
        availability: () => this.#kept.sayAll(isAvailability),
        states: () => this.#kept.sayAll((topic) => !isAvailability(topic)),
      }),
    );
    this.#held.use(hub.devices.onChange(() => this.changed()));
    this.#held.use(hub.onGroups(() => this.changed()));
    this.#held.use(hub.locks.onChange(() => this.#look()));
    this.#held.use(hub.calls.onChange(() => this.#look()));
    this.#held.use(hub.clock.timer(settleMs, () => this.#forgetFormer()));
  }

  /** Tells again how the lock of a device stands. */
  repeat(deviceId: string): void {
    this.#kept.repeat(this.#options.topics.of(deviceId, "lock"));
  }

  /** Something about devices may have changed. */
  changed(): void {
    this.#gathering ??= this.#options.hub.clock.timer(gatherMs, () => {
      this.#gathering = undefined;
      this.#look();
    });
  }

  /** They stay known; that the hub is gone is told for all. */
  [Symbol.dispose](): void {
    this.#held.dispose();
    this.#gathering?.[Symbol.dispose]();
  }

  #look(): void {
    const { hub, remember, topics } = this.#options;
    const bells = hub.devices.list().filter(hasBell);
    const ids = bells.map(({ id }) => id);
    if (ids.join() !== this.#ids.join()) remember([...new Set([...ids, ...this.#options.former])]);
    this.#ids = ids;
    const rooms = hub.devices.list().filter((device) => device.info().kind === "room");
    const called = bells.length + rooms.length > 0;
    if (called) this.#tellHouse();
    this.#discovery.follow(new Map(bells.map((device) => [this.#topicOf(device.id), this.#payloadOf(device)])));
    this.#kept.follow(
      new Map([
        ...bells.flatMap((device) => this.#messagesOf(device)),
        ...rooms.map(({ id }) => this.#roomMessage(id)),
        ...(called ? ([[topics.house, callMessage(hub.calls.list())]] as const) : []),
      ]),
    );
  }

  /** A room station is a party of calls that others make, too. */
  #roomMessage(deviceId: string): readonly [string, string] {
    const { hub, hubId } = this.#options;
    return [
      stationCallTopic(hubId, deviceId),
      callMessage(hub.calls.list().filter((call) => concerns(call, deviceId))),
    ];
  }

  /** A house with a bell or a room station shows how its calls stand. It stays when the hub ends, or people would lose the name they gave it. */
  #tellHouse(): void {
    const { bus, hubId, topics } = this.#options;
    this.#house ??= bus.hubComponents.add("calls", callComponent(`${hubId}_calls`, topics.house));
  }

  #messagesOf(device: HubDevice): readonly (readonly [string, string])[] {
    const { hub, topics } = this.#options;
    const calls = hub.calls.list().filter(({ from }) => from.deviceId === device.id);
    return [
      [topics.of(device.id, "availability"), isThere(device) ? "online" : "offline"],
      [topics.of(device.id, "call"), callMessage(calls)],
      ...(hub.locks.has(device.id)
        ? ([[topics.of(device.id, "lock"), lockMessage(hub.locks.state(device.id))]] as const)
        : []),
    ];
  }

  #topicOf(deviceId: string): string {
    return `homeassistant/device/${this.#options.stationIdOf(deviceId)}_bell/config`;
  }

  #payloadOf(device: HubDevice): string {
    const { hub, hubId, hubStatus, stationIdOf, topics, version } = this.#options;
    const id = stationIdOf(device.id);
    const lock = hub.locks.has(device.id) && hub.locks.overMqtt;
    const what: DiscoveredDevice = {
      ...{ id, name: device.name, model: "Bell of the hub", area: device.area, via: hubId, version },
      availabilityTopics: [hubStatus, topics.of(device.id, "availability")],
      components: bellComponents({ id, deviceId: device.id, topics, hubStatus, lock }),
    };
    return discoveryPayload(what);
  }

  /** Devices that were removed, or lost their bell, while the hub was not running. */
  #forgetFormer(): void {
    const { former, topics, remember } = this.#options;
    for (const id of former) {
      if (this.#ids.includes(id)) continue;
      this.#discovery.empty(this.#topicOf(id));
      for (const what of ["availability", "call", "lock"] as const) this.#kept.empty(topics.of(id, what));
    }
    remember(this.#ids);
  }
}

/** A device that rings people, as its settings or its kind say. */
function hasBell(device: HubDevice): boolean {
  const { settings } = device;
  return settings.enabled && !settings.preview && (settings.bell !== undefined || device.info().kind === "door");
}

/** True for a call in which a device takes part, or that rings there. */
function concerns({ participants, rung }: CallInfo, deviceId: string): boolean {
  const rings = rung.filter(({ state }) => state === "told" || state === "ringing");
  return [...participants, ...rings].some((one) => one.deviceId === deviceId);
}

/** A bell is there although its picture cannot be reached: its webhook rings, and calls and lock go other ways. */
function isThere({ state }: HubDevice): boolean {
  return state.phase !== "away" && state.phase !== "disabled";
}
