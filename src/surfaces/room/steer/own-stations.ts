import { roomTopicOf, roomTopics, type StationActivity } from "../../../protocols/room/topics.ts";
import type { Clock } from "../../../util/clock.ts";
import type { MessageBus } from "../../bus.ts";
import { KeptMessages } from "../../kept-messages.ts";

/** What of a station for which the hub speaks can be set; each as it stands in messages. */
export type OwnSetting = "volume" | "mute" | "dnd" | "target" | "priority" | "chime";

/** A station for which the hub speaks: the hub itself, or a device of its own that stations may choose as their target. */
export interface OwnStation {
  readonly id: string;
  /** What people call it; the hub's own is that of the house. */
  readonly name: string;
  readonly area?: string | undefined;
  /** For people: what it is. */
  readonly model: string;
  /** Absent of the hub, which says so itself. */
  readonly presence?: { readonly online: boolean; readonly activity: StationActivity };
  readonly values: Readonly<Partial<Record<OwnSetting, string>>>;
}

/** Options of {@link OwnStations}. */
export interface OwnStationsOptions {
  readonly bus: MessageBus;
  readonly hubId: string;
  /** How they all stand now. */
  readonly list: () => readonly OwnStation[];
  /** Where stations send to that speak to one of them: the hub's own address; undefined while there is none. */
  readonly address: () => string | undefined;
  /** Ids of those that were there in an earlier life, and of those that are there now. */
  readonly former: ReadonlySet<string>;
  readonly remember: (ids: readonly string[]) => void;
  readonly clock: Clock;
}

/** Changes that come together are told together. */
const gatherMs = 50;
/** What was there in an earlier life and has not come by now is no more. */
const settleMs = 60_000;

/** Tells stations of everything for which the hub speaks. */
export class OwnStations implements Disposable {
  readonly #options: OwnStationsOptions;
  readonly #kept: KeptMessages;
  readonly #held = new DisposableStack();
  #stations: readonly OwnStation[] = [];
  #gathering: Disposable | undefined;

  constructor(options: OwnStationsOptions) {
    const { bus, clock } = options;
    this.#options = options;
    this.#kept = new KeptMessages(bus);
    const isStatus = (topic: string) => topic.endsWith("/status");
    this.#look();
    this.#held.use(
      bus.present({
        availability: () => this.#kept.sayAll(isStatus),
        states: () => this.#kept.sayAll((topic) => !isStatus(topic)),
      }),
    );
    this.#held.use(clock.timer(settleMs, () => this.#forgetFormer()));
  }

  /** True for a station for which the hub speaks, also one of an earlier life. */
  isOwn(id: string): boolean {
    const { hubId } = this.#options;
    return id === hubId || id.startsWith(`${hubId}_`);
  }

  /** Something about them has changed. */
  changed(): void {
    this.#gathering ??= this.#options.clock.timer(gatherMs, () => {
      this.#gathering = undefined;
      this.#look();
    });
  }

  /** Tells how one setting stands, although it did not change. */
  repeat(id: string, what: OwnSetting): void {
    this.#kept.repeat(roomTopicOf({ kind: "state", station: id, what }));
  }

  /** The last word before the hub ends: all are offline, and stay known. */
  [Symbol.dispose](): void {
    this.#held.dispose();
    this.#gathering?.[Symbol.dispose]();
    for (const { id, presence } of this.#stations) {
      if (presence) this.#options.bus.publish(statusOf(id), "offline", { retain: true });
    }
  }

  #look(): void {
    const { list, remember } = this.#options;
    const before = this.#stations.map(({ id }) => id).join();
    this.#stations = list();
    const ids = this.#stations.map(({ id }) => id);
    this.#kept.follow(new Map(this.#stations.flatMap((station) => this.#messagesOf(station))));
    if (ids.join() !== before) remember(ids);
  }

  /** What is kept of one, in the order in which stations need it. */
  #messagesOf(station: OwnStation): readonly (readonly [string, string])[] {
    const { id, name, presence, values } = station;
    const ip = this.#options.address();
    const info: [string, string] = [roomTopicOf({ kind: "info", station: id }), JSON.stringify({ room: name, ip, id })];
    const state = (what: OwnSetting | "state", payload: string): [string, string] => [
      roomTopicOf({ kind: "state", station: id, what }),
      payload,
    ];
    return [
      ...(ip === undefined ? [] : [info]),
      ...(presence ? ([[statusOf(id), presence.online ? "online" : "offline"]] as const) : []),
      ...(presence ? [state("state", presence.activity)] : []),
      ...Object.entries(values).map(([what, payload]) => state(what as OwnSetting, payload)),
    ];
  }

  /** What was there in an earlier life: a device that was removed while the hub was not running. */
  #forgetFormer(): void {
    const here = new Set(this.#stations.map(({ id }) => id));
    for (const id of this.#options.former) {
      if (here.has(id) || !this.isOwn(id)) continue;
      const states = roomTopics.map((what) => roomTopicOf({ kind: "state", station: id, what }));
      for (const topic of [roomTopicOf({ kind: "info", station: id }), ...states]) this.#kept.empty(topic);
    }
  }
}

function statusOf(id: string): string {
  return roomTopicOf({ kind: "state", station: id, what: "status" });
}
