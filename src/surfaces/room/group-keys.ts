import { randomBytes } from "node:crypto";
import type { RoomGroupKey } from "../../protocols/room/authentic.ts";
import { sealGroupKey } from "../../protocols/room/group-key.ts";
import { roomTopicOf } from "../../protocols/room/topics.ts";
import type { Clock } from "../../util/clock.ts";
import { every } from "../../util/every.ts";
import type { Log } from "../../util/log.ts";
import type { MessageBus } from "../bus.ts";
import type { RoomArrivals } from "./arrivals.ts";
import type { RoomStations } from "./stations.ts";
import type { Visit } from "./visit.ts";

/** Options of {@link GroupKeys}. */
export interface GroupKeysOptions {
  readonly bus: Pick<MessageBus, "command" | "connected" | "onChange">;
  readonly arrivals: Pick<RoomArrivals, "list" | "visitOf" | "onCame">;
  readonly stations: Pick<RoomStations, "get" | "onChange" | "onReport">;
  /** Calls `listener` with a device whose token was replaced or taken away. */
  readonly onRevoked: (listener: (deviceId: string) => void) => Disposable;
  /** The hub's count of packets: see `GroupKeyMessage.sequence`. */
  readonly count: () => number;
  /** What is being sent to all is signed under this key from here on. */
  readonly rekey: (group: RoomGroupKey) => void;
  /** Emergencies of whoever signs nothing count as such. */
  readonly anyEmergency: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** So long a renewed key may take to reach everybody, before it is signed under. */
const rolloverMs = 1000;
/** Who has not said that it has the key is told again. */
const againMs = 15_000;
const renewMs = 24 * 60 * 60_000;

/**
 * The key that the stations with a token have in common, under which the hub signs what it sends to all of them at once, and
 * they what they say to all. Made anew with each start of the hub, each day, and whenever a station that knew it lost its
 * token. Its owner disposes it.
 */
export class GroupKeys implements Disposable {
  readonly #options: GroupKeysOptions;
  readonly #held = new DisposableStack();
  /** Which key each station said that it has; those that are there and have not said so are absent. */
  readonly #confirmed = new Map<string, number>();
  /** Devices that were told a key. */
  readonly #members = new Set<string>();
  readonly #lastSequence = new Map<string, number>();
  readonly #starts = new Map<string, number>();
  #current: RoomGroupKey = { id: randomBytes(1)[0]!, key: randomBytes(32) };
  /** What is signed under: the one before, until the current one has reached everybody. */
  #signing = this.#current;
  #rollover: Disposable | undefined;

  constructor(options: GroupKeysOptions) {
    this.#options = options;
    const { arrivals, stations, bus, clock, onRevoked } = options;
    this.#held.use(arrivals.onCame((visit) => this.#came(visit)));
    this.#held.use(stations.onChange(({ id, starts }) => this.#changed(id, starts)));
    this.#held.use(
      stations.onReport(({ id, report }) => {
        if (report.kind === "key") this.#confirm(id, report.keyId);
      }),
    );
    this.#held.use(onRevoked((deviceId) => this.#members.delete(deviceId) && this.#renew()));
    this.#held.use(bus.onChange(() => bus.connected && this.#tellMissing()));
    this.#held.use(every(clock, againMs, () => this.#tellMissing()));
    this.#held.use(every(clock, renewMs, () => this.#renew()));
    this.#held.defer(() => this.#rollover?.[Symbol.dispose]());
  }

  /** What is sent to all is signed under; undefined while no station could tell. */
  get signing(): RoomGroupKey | undefined {
    return this.#visits().some(({ stationId }) => this.knows(stationId)) ? this.#signing : undefined;
  }

  /** True for a station that can tell whether what is sent to all is the hub's. */
  knows(stationId: string): boolean {
    return this.#confirmed.get(stationId) === this.#signing.id;
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }

  /** Those that have a key of their own, under which they can be told. */
  #visits(): readonly Visit[] {
    return this.#options.arrivals.list().filter(({ key }) => key !== undefined);
  }

  #came(visit: Visit): void {
    if (!visit.key) return;
    const { stationId } = visit;
    this.#confirmed.delete(stationId);
    visit.onEnd(() => {
      if (this.#options.arrivals.visitOf(stationId) !== undefined) return;
      this.#confirmed.delete(stationId);
      this.#settle();
    });
    this.#tell(visit);
  }

  /** It began anew, and knows no key. */
  #changed(id: string, starts: number): void {
    const before = this.#starts.get(id);
    this.#starts.set(id, starts);
    const visit = this.#options.arrivals.visitOf(id);
    if (before === starts || !visit?.key) return;
    this.#confirmed.delete(id);
    this.#tell(visit);
  }

  #confirm(id: string, keyId: number): void {
    if (this.#options.arrivals.visitOf(id)?.key === undefined) return;
    this.#confirmed.set(id, keyId);
    this.#settle();
  }

  #renew(): void {
    const { clock, log } = this.#options;
    this.#current = { id: (this.#current.id + 1) % 256, key: randomBytes(32) };
    log.info({ key: this.#current.id }, "room stations are given another key of their group");
    this.#rollover?.[Symbol.dispose]();
    this.#rollover = clock.timer(rolloverMs, () => this.#use());
    for (const visit of this.#visits()) this.#tell(visit);
    this.#settle();
  }

  /** Takes the current key as soon as everybody has it. */
  #settle(): void {
    const all = this.#visits().every(({ stationId }) => this.#confirmed.get(stationId) === this.#current.id);
    if (all) this.#use();
  }

  #use(): void {
    this.#rollover?.[Symbol.dispose]();
    this.#rollover = undefined;
    if (this.#signing === this.#current) return;
    this.#signing = this.#current;
    this.#options.rekey(this.#current);
  }

  #tellMissing(): void {
    for (const visit of this.#visits()) {
      if (this.#confirmed.get(visit.stationId) !== this.#current.id) this.#tell(visit);
    }
  }

  #tell({ stationId, deviceId, key }: Visit): void {
    const { bus, stations, count, anyEmergency } = this.#options;
    if (!key || !bus.connected || stations.get(stationId)?.told !== true) return;
    const sequence = Math.max(count(), (this.#lastSequence.get(stationId) ?? 0) + 1);
    this.#lastSequence.set(stationId, sequence);
    this.#members.add(deviceId);
    const topic = roomTopicOf({ kind: "command", station: stationId, what: "key" });
    bus.command(topic, sealGroupKey({ ...this.#current, sequence, anyEmergency }, key));
  }
}
