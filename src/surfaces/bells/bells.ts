import type { HubDevice } from "../../hub/api.ts";
import type { CallInfo } from "../../hub/call-info.ts";
import { stationCallTopic } from "../call-topic.ts";
import { KeptMessages } from "../kept-messages.ts";
import type { House } from "../surface.ts";
import { bellComponents, callComponent } from "./entities.ts";
import { callMessage, lockMessage } from "./messages.ts";
import type { BellTopics } from "./topics.ts";

/** Options of {@link Bells}. */
export interface BellsOptions extends Pick<House, "hub" | "bus"> {
  readonly hubId: string;
  /** What a device of the hub is called among stations and in Home Assistant. */
  readonly stationIdOf: (deviceId: string) => string;
  readonly topics: BellTopics;
  /** Topic that says whether the hub is there. */
  readonly hubStatus: string;
  /** Ids of the devices with a bell that were there in an earlier life, and of those that are there now. */
  readonly former: readonly string[];
  readonly remember: (ids: readonly string[]) => void;
}

/** What a bell adds to a device's entities. */
const part = "bell";
/** Changes that come together are told together. */
const gatherMs = 50;
/** What was there in an earlier life and has not come by now is no more. */
const settleMs = 60_000;

/** Adds bells to what Home Assistant is told of devices, and tells how their calls and locks stand. */
export class Bells implements Disposable {
  readonly #options: BellsOptions;
  readonly #kept: KeptMessages;
  readonly #held = new DisposableStack();
  #ids: readonly string[] = [];
  #told: ReadonlySet<string> = new Set();
  #gathering: Disposable | undefined;
  #house: Disposable | undefined;

  constructor(options: BellsOptions) {
    const { bus, hub } = options;
    this.#options = options;
    this.#kept = new KeptMessages(bus);
    this.#ids = options.former;
    const isAvailability = (topic: string) => topic.endsWith("/availability");
    this.#look();
    this.#held.use(
      bus.present({
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
    this.#tellEntities(bells);
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

  /** Each joins the device that is told of to Home Assistant. */
  #tellEntities(bells: readonly HubDevice[]): void {
    const { bus, hub, hubStatus, stationIdOf, topics } = this.#options;
    const here = new Set(bells.map(({ id }) => id));
    for (const id of this.#told) if (!here.has(id)) bus.deviceComponents.set(id, part, undefined);
    for (const { id: deviceId } of bells) {
      const lock = hub.locks.has(deviceId) && hub.locks.overMqtt;
      const components = bellComponents({ id: stationIdOf(deviceId), deviceId, topics, hubStatus, lock });
      bus.deviceComponents.set(deviceId, part, components);
    }
    this.#told = here;
  }

  /** Devices that were removed, or lost their bell, while the hub was not running. */
  #forgetFormer(): void {
    const { former, topics, remember } = this.#options;
    for (const id of former) {
      if (this.#ids.includes(id)) continue;
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
