import { z } from "zod";
import type { HubDevice } from "../../../hub/api.ts";
import { dropStatement, putStatement } from "../../../identity/store.ts";
import { deviceStationId } from "../../../protocols/room/station-id.ts";
import { deviceDocument } from "../../discovery.ts";
import { KeptMessages } from "../../kept-messages.ts";
import type { House } from "../../surface.ts";
import type { DeviceChimes } from "./chimes.ts";
import { deviceEntities } from "./entities.ts";
import { deviceMessage, isReachable } from "./state.ts";
import type { DeviceTopics } from "./topics.ts";

/** Options of {@link DevicePresence}. */
export interface DevicePresenceOptions extends Pick<House, "hub" | "bus" | "version"> {
  readonly hubId: string;
  /** Topic that says whether the hub is there. */
  readonly hubStatus: string;
  readonly topics: DeviceTopics;
  readonly chimes: Pick<DeviceChimes, "isPlaying">;
  /** Whether still pictures are told. */
  readonly stills: boolean;
}

/** Changes that come together are told together. */
const gatherMs = 50;
const rung = "last-ring";
const remembered = ["mqtt-devices", "told"] as const;

/**
 * Tells of every device of the hub how it stands, and Home Assistant that it is there. Room stations tell of themselves, and have
 * their own part.
 */
export class DevicePresence implements Disposable {
  readonly #options: DevicePresenceOptions;
  readonly #kept: KeptMessages;
  readonly #changed = new Set<string>();
  /** When each was rung last; looked up once. */
  readonly #lastRings = new Map<string, number | undefined>();
  readonly #documents = new Map<string, string>();
  /** Of which the broker keeps something, also from an earlier life. */
  readonly #told: Set<string>;
  readonly #held = new DisposableStack();
  #gathering: Disposable | undefined;

  constructor(options: DevicePresenceOptions) {
    const { bus, hub } = options;
    this.#options = options;
    this.#kept = new KeptMessages(bus);
    const isAvailability = (topic: string) => topic.endsWith("/availability");
    this.#held.use(
      bus.present({
        availability: () => this.#kept.sayAll(isAvailability),
        states: () => this.#kept.sayAll((topic) => !isAvailability(topic)),
      }),
    );
    this.#held.use(hub.devices.onChange(({ id }) => this.changed(id)));
    this.#held.use(hub.turns.onChange((id) => this.changed(id)));
    this.#held.use(bus.deviceComponents.onChange((id) => this.changed(id)));
    this.#held.use(hub.chimes.onChange(() => this.#allChanged()));
    this.#held.use(
      hub.calls.onChange(({ call, change }) => {
        if (change === "ringing" && call.from.deviceId !== undefined) this.#rang(call.from.deviceId, call.startedMs);
      }),
    );
    const former = z.array(z.string()).safeParse(hub.identity.store.get(...remembered));
    this.#told = new Set(former.data);
    for (const id of this.#told) this.changed(id); // what was removed while nobody ran is forgotten
    this.#allChanged();
  }

  /** The device if it is shown here. */
  deviceOf(id: string): HubDevice | undefined {
    const device = this.#options.hub.devices.get(id);
    return device && !device.settings.preview && device.info().kind !== "room" ? device : undefined;
  }

  /** Something about a device may have changed. */
  changed(id: string): void {
    // A chime that falls silent while all of it ends still says so.
    if (this.#held.disposed) return;
    this.#changed.add(id);
    this.#gathering ??= this.#options.hub.clock.timer(gatherMs, () => {
      this.#gathering = undefined;
      const ids = [...this.#changed];
      this.#changed.clear();
      for (const one of ids) this.#tell(one);
    });
  }

  /** Tells again how a device stands. */
  repeat(id: string): void {
    this.#kept.repeat(this.#options.topics.of(id, "state"));
  }

  /** They stay known; that the hub is gone is told for all. */
  [Symbol.dispose](): void {
    this.#held.dispose();
    this.#gathering?.[Symbol.dispose]();
  }

  #allChanged(): void {
    for (const { id } of this.#options.hub.devices.list()) this.changed(id);
  }

  #tell(id: string): void {
    const { topics, hub, chimes, bus } = this.#options;
    const device = this.deviceOf(id);
    if (!device) {
      this.#forget(id);
      return;
    }
    this.#remember(id, true);
    const lastRingMs = this.#lastRing(id);
    const document = this.#documentOf(device);
    const json = JSON.stringify(document);
    if (this.#documents.get(id) !== json) {
      this.#documents.set(id, json);
      bus.discoveries.tell({ id: this.#stationId(id), deviceId: id, document });
    }
    this.#kept.say(topics.of(id, "availability"), isReachable(device) ? "online" : "offline");
    this.#kept.say(
      topics.of(id, "state"),
      deviceMessage(device, { turns: hub.turns, lastRingMs, chimes: chimes.isPlaying(id) }),
    );
  }

  #forget(id: string): void {
    if (!this.#options.hub.devices.get(id)) this.#forgetRing(id);
    if (this.#documents.delete(id)) this.#options.bus.discoveries.remove(this.#stationId(id));
    if (!this.#told.has(id)) return;
    for (const topic of this.#options.topics.keptOf(id)) this.#kept.empty(topic);
    this.#remember(id, false);
  }

  #remember(id: string, isTold: boolean): void {
    if (this.#told.has(id) === isTold) return;
    if (isTold) this.#told.add(id);
    else this.#told.delete(id);
    this.#options.hub.identity.store.note([putStatement(...remembered, [...this.#told])], remembered.join(" "));
  }

  #forgetRing(id: string): void {
    if (this.#lastRing(id) !== undefined) {
      this.#options.hub.identity.store.note([dropStatement(rung, id)], `${rung} ${id}`);
    }
    this.#lastRings.delete(id);
  }

  #documentOf(device: HubDevice) {
    const { bus, hub, hubId, hubStatus, version, topics, stills } = this.#options;
    const { id: deviceId, name, area } = device;
    const { can, kind, speaker, motion } = device.info();
    const id = this.#stationId(deviceId);
    const entities = deviceEntities({
      ...{ id, deviceId, topics, hubStatus },
      talks: speaker !== undefined || can?.talk === "yes",
      rings: can?.ring === "yes",
      isCalled: hub.devices.login(deviceId) !== undefined,
      stills: stills && (can?.view === "yes" || device.settings.bell?.camera !== undefined),
      tellsMotion: motion !== undefined,
      chimes: hub.chimes.list().map((chime) => chime.name),
    });
    return deviceDocument({
      ...{ id, name, area, version, model: modelOf(kind), via: hubId },
      availabilityTopics: [hubStatus, topics.of(deviceId, "availability")],
      components: { ...entities, ...bus.deviceComponents.of(deviceId) },
    });
  }

  #stationId(deviceId: string): string {
    return deviceStationId(this.#options.hubId, deviceId);
  }

  #lastRing(id: string): number | undefined {
    if (!this.#lastRings.has(id)) {
      const kept = z.number().safeParse(this.#options.hub.identity.store.get(rung, id));
      this.#lastRings.set(id, kept.data);
    }
    return this.#lastRings.get(id);
  }

  #rang(id: string, atMs: number): void {
    this.#lastRings.set(id, atMs);
    this.#options.hub.identity.store.note([putStatement(rung, id, atMs)], `${rung} ${id}`);
    this.changed(id);
  }
}

/** What people read as the model of a device. */
function modelOf(kind: string): string {
  const names: Readonly<Record<string, string>> = {
    door: "Door station",
    page: "Browser station",
    "room-web": "Client of the room intercom",
    agent: "Camera agent",
    whip: "Publisher",
  };
  return names[kind] ?? `Camera (${kind})`;
}
