import type { Faults } from "../../util/faults.ts";
import type { Log } from "../../util/log.ts";
import type { RoomConfig } from "./config.ts";
import type { RoomStations } from "./stations.ts";

/** Options of {@link RoomTroubles}. */
export interface RoomTroublesOptions {
  readonly faults: Faults;
  readonly stations: RoomStations;
  readonly config: Pick<RoomConfig, "group" | "port">;
  readonly log: Log;
}

const networkFault = "room-network";
const groupFault = "room-group";

/** What is wrong with the rooms' network now, as faults of the hub. Its owner disposes it. */
export class RoomTroubles implements Disposable {
  readonly #options: RoomTroublesOptions;
  readonly #watch: Disposable;

  constructor(options: RoomTroublesOptions) {
    this.#options = options;
    this.#watch = options.stations.onChange(() => this.#lookAtGroups());
  }

  /** What of the network does not work. */
  network(sentences: readonly string[]): void {
    const { faults, config, log } = this.#options;
    if (sentences.length === 0) {
      faults.clear(networkFault);
      return;
    }
    log.warn({ troubles: sentences }, `rooms: ${sentences.join("; ")}`);
    faults.raise(networkFault, {
      what: "Room stations are not heard on every network",
      advice: `The hub tries again by itself. Does another program use UDP port ${config.port}? Are the interfaces in "room" of the configuration right? The log names them.`,
    });
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    this.#options.faults.clear(networkFault);
    this.#options.faults.clear(groupFault);
  }

  /** Stations that were heard on another group than we send to: both sides speak, and half of them into the void. */
  #lookAtGroups(): void {
    const { faults, stations, config, log } = this.#options;
    const others = new Set<string>();
    for (const { online, group } of stations.list()) {
      if (online && group !== undefined && group !== config.group) others.add(group);
    }
    const raised = faults.list().some(({ id }) => id === groupFault);
    if (others.size === 0 && raised) faults.clear(groupFault);
    if (others.size === 0 || raised) return;
    const heardOn = [...others].join(", ");
    log.warn(
      { group: config.group, heardOn },
      `room stations speak to ${heardOn}; the rooms' group is ${config.group}`,
    );
    faults.raise(groupFault, {
      what: "Room stations speak to another multicast group than the rooms' own",
      advice: `They speak to ${heardOn}, the hub to ${config.group}. The hub hears both and sends to both meanwhile, but stations of one do not hear those of the other directly. Set "room.group" to ${heardOn}, or change the stations.`,
    });
  }
}
