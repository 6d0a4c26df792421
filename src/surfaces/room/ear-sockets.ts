import { createSocket, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { transport } from "../../protocols/room/constants.ts";
import type { Clock } from "../../util/clock.ts";
import { messageOf } from "../../util/errors.ts";
import { every } from "../../util/every.ts";
import type { Log } from "../../util/log.ts";
import type { RoomConfig } from "./config.ts";
import { chosenNetworks, type Interfaces, type RoomNetwork } from "./networks.ts";

/** A socket of Node's, as far as it is used here. */
export type EarSocket = Pick<Socket, "bind" | "addMembership" | "dropMembership" | "close" | "on">;

/** Options of {@link EarSockets}. */
export interface EarSocketsOptions {
  readonly config: Pick<RoomConfig, "group" | "port" | "interfaces">;
  readonly clock: Clock;
  readonly log: Log;
  /** A datagram came from `address`, to `group` or, undefined, to us alone. */
  readonly onDatagram: (bytes: Buffer, from: { readonly address: string; readonly group?: string }) => void;
  /** The networks are others than before. */
  readonly onNetworks?: (networks: readonly RoomNetwork[]) => void;
  /** What of it does not work, a sentence each; empty when all does. */
  readonly onTrouble?: (troubles: readonly string[]) => void;
  readonly interfaces?: () => Interfaces;
  readonly createSocket?: () => EarSocket;
}

const lookEveryMs = 5000;
/** As much as the system grants: a busy hub is not deaf. */
const receiveBufferBytes = 4 * 1024 * 1024;

/**
 * The hub's ears in the network: a socket for each group, and one for each of our own addresses, so that a talk to the
 * group and one to us alone are told apart by where they came. Membership is renewed by leaving and joining again (a
 * switch that forgot it is told only so), and follows the interfaces as they come and go. What fails on one interface is
 * tried again and disturbs no other.
 */
export class EarSockets implements Disposable {
  readonly #groups: readonly string[];
  readonly #open = new Map<string, EarSocket>();
  /** Interfaces' addresses on which a group was joined. */
  readonly #joined = new Map<string, Set<string>>();
  readonly #troubles = new Map<string, string>();
  readonly #timers = new DisposableStack();
  readonly #options: EarSocketsOptions;
  #networks: readonly RoomNetwork[] = [];
  #told = "";

  constructor(options: EarSocketsOptions) {
    this.#options = options;
    const { config, clock } = options;
    this.#groups = [...new Set([config.group, transport.group.value, transport.otherGroup.value])];
    this.#look();
    this.#timers.use(every(clock, lookEveryMs, () => this.#look()));
    this.#timers.use(every(clock, transport.renewSeconds.value * 1000, () => this.#renew()));
  }

  /** Where rooms are at the moment. */
  get networks(): readonly RoomNetwork[] {
    return this.#networks;
  }

  [Symbol.dispose](): void {
    this.#timers.dispose();
    for (const socket of this.#open.values()) socket.close();
    this.#open.clear();
  }

  /** Takes up what changed among the interfaces, and tries again what failed. */
  #look(): void {
    const { config, onNetworks, interfaces = networkInterfaces } = this.#options;
    const networks = chosenNetworks(config.interfaces, interfaces());
    const changed = JSON.stringify(networks) !== JSON.stringify(this.#networks);
    this.#networks = networks;
    const addresses = networks.map(({ address }) => address);
    for (const one of [...this.#open.keys()]) {
      if (!this.#groups.includes(one) && !addresses.includes(one)) this.#close(one);
    }
    for (const group of this.#groups) {
      this.#listen(group, group);
      const joined = this.#joined.get(group) ?? new Set();
      for (const address of joined) if (!addresses.includes(address)) this.#leave(group, address);
      for (const address of addresses) this.#join(group, address);
    }
    for (const address of addresses) this.#listen(address, undefined);
    this.#tell();
    if (changed) onNetworks?.(networks);
  }

  #renew(): void {
    for (const group of this.#groups) {
      for (const { address } of this.#networks) {
        this.#leave(group, address);
        this.#join(group, address);
      }
    }
    this.#tell();
  }

  #listen(bindTo: string, group: string | undefined): void {
    if (this.#open.has(bindTo)) return;
    const { config, onDatagram } = this.#options;
    const make = this.#options.createSocket ?? roomSocket;
    const socket = make();
    this.#open.set(bindTo, socket);
    socket.on("error", (error) => {
      this.#troubles.set(bindTo, `cannot listen at ${bindTo}, port ${config.port}: ${messageOf(error)}`);
      this.#close(bindTo);
      this.#tell();
    });
    socket.on("message", (bytes, { address }) => onDatagram(bytes, { address, ...(group !== undefined && { group }) }));
    socket.bind({ port: config.port, address: bindTo, exclusive: true }, () => {
      this.#troubles.delete(bindTo);
      if (group !== undefined) {
        this.#joined.set(group, new Set());
        for (const { address } of this.#networks) this.#join(group, address);
      }
      this.#tell();
    });
  }

  #join(group: string, address: string): void {
    const joined = this.#joined.get(group);
    if (!joined || joined.has(address)) return;
    try {
      this.#open.get(group)?.addMembership(group, address);
      joined.add(address);
      this.#troubles.delete(`${group} ${address}`);
    } catch (error) {
      this.#troubles.set(`${group} ${address}`, `cannot join ${group} at ${address}: ${messageOf(error)}`);
    }
  }

  #leave(group: string, address: string): void {
    this.#troubles.delete(`${group} ${address}`);
    if (!this.#joined.get(group)?.delete(address)) return;
    try {
      this.#open.get(group)?.dropMembership(group, address);
    } catch {
      // The system has left it by itself: the interface is gone.
    }
  }

  #close(bindTo: string): void {
    this.#joined.delete(bindTo);
    const socket = this.#open.get(bindTo);
    this.#open.delete(bindTo);
    try {
      socket?.close();
    } catch {
      // It never opened.
    }
  }

  #tell(): void {
    const troubles = [...this.#troubles.values()];
    if (this.#networks.length === 0) troubles.unshift("no network interface is up on which rooms could be");
    const told = troubles.join("; ");
    if (told === this.#told) return;
    this.#told = told;
    this.#options.onTrouble?.(troubles);
  }
}

function roomSocket(): Socket {
  return createSocket({ type: "udp4", reuseAddr: true, recvBufferSize: receiveBufferBytes });
}
