import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { transport } from "../../protocols/room/constants.ts";
import type { Clock } from "../../util/clock.ts";
import { FatalError, messageOf } from "../../util/errors.ts";
import { every } from "../../util/every.ts";
import type { Log } from "../../util/log.ts";
import type { Destination } from "../../workers/pace/index.ts";

/** A network interface of this machine, by one of its IPv4 addresses. */
export interface StationInterface {
  readonly name: string;
  readonly address: string;
  /** 6 bytes; undefined for one that has no card, as loopback. */
  readonly mac: Uint8Array | undefined;
}

/**
 * The interface that is asked for, by name or address; the first one that leads to others unless told. Throws FatalError
 * with the names there are.
 */
export function findInterface(wanted: string | undefined): StationInterface {
  const all = Object.entries(networkInterfaces()).flatMap(([name, infos = []]) =>
    infos.filter(({ family }) => family === "IPv4").map((info) => stationInterface(name, info)),
  );
  // Any address of loopback is this machine's, so that several stations fit on it.
  const loopback = wanted?.startsWith("127.") ? { name: "lo", address: wanted, mac: undefined } : undefined;
  const found =
    wanted === undefined
      ? (all.find(({ mac }) => mac) ?? all[0])
      : (all.find(({ name, address }) => name === wanted || address === wanted) ?? loopback);
  if (found) return found;
  const names = [...new Set(all.map(({ name }) => name))].join(", ");
  const what = wanted === undefined ? "has no network" : `has no network interface ${wanted}, but ${names}`;
  throw new FatalError(`this machine ${what}`, { code: "interface" });
}

function stationInterface(name: string, { address, mac, internal }: NetworkInterfaceInfo): StationInterface {
  const bytes = Buffer.from(mac.replaceAll(":", ""), "hex");
  return { name, address, mac: internal || bytes.every((byte) => byte === 0) ? undefined : bytes };
}

/** Options of {@link openNetwork}. */
export interface NetworkOptions {
  readonly interface: StationInterface;
  /** Group that is sent to; the protocol's two are both heard. */
  readonly group: string;
  readonly port: number;
  readonly onDatagram: (bytes: Uint8Array, how: { readonly byGroup: boolean }) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The port of sound. */
export interface StationNetwork extends AsyncDisposable {
  readonly everybody: readonly Destination[];
  stationAt(address: string): Destination;
}

/**
 * Opens the port of sound on one interface: a socket for each group and one for what comes to us alone, so that several
 * stations and a hub may share a machine. Membership is renewed by leaving and joining, since switches forget. Throws
 * FatalError for a port that is taken.
 */
export async function openNetwork(options: NetworkOptions): Promise<StationNetwork> {
  const { interface: own, group, port, clock, log } = options;
  await using opened = new AsyncDisposableStack();
  const groups = [...new Set([group, transport.group.value, transport.otherGroup.value])];
  const sockets = new Map<string, Socket>();
  for (const address of [own.address, ...groups]) sockets.set(address, opened.use(await bind(address, options)).socket);
  const join = (renew: boolean) => {
    for (const one of groups) {
      try {
        if (renew) sockets.get(one)?.dropMembership(one, own.address);
        sockets.get(one)?.addMembership(one, own.address);
      } catch (error) {
        log.warn({ group: one, interface: own.name }, `cannot join ${one} on ${own.name}: ${messageOf(error)}`);
      }
    }
  };
  join(false);
  opened.use(every(clock, transport.renewSeconds.value * 1000, () => join(true)));
  const owned = opened.move();
  return {
    everybody: [{ address: group, port, interface: own.address }],
    stationAt: (address) => ({ address, port, interface: own.address }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function bind(address: string, options: NetworkOptions) {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  socket.on("message", (bytes) => options.onDatagram(bytes, { byGroup: address !== options.interface.address }));
  socket.bind(options.port, address);
  try {
    await once(socket, "listening");
  } catch (cause) {
    socket.close();
    throw new FatalError(`cannot listen on ${address}:${options.port}: ${messageOf(cause)}`, { code: "listen", cause });
  }
  socket.on("error", (error) => options.log.warn({ address }, `sound from ${address}: ${messageOf(error)}`));
  return {
    socket,
    [Symbol.asyncDispose]: async () => {
      socket.close();
    },
  };
}
