import type { NetworkInterfaceInfo } from "node:os";
import type { Clock } from "../util/clock.ts";
import { type FoundDevice, FoundDevices, type Sighting } from "./found.ts";
import { lookAtRtsp, lookForOnvif } from "./look.ts";
import { askMdns } from "./mdns.ts";
import { type SearchedNetwork, searchedNetworks } from "./networks.ts";
import { askOnvif } from "./onvif.ts";
import { isOpen, rtspPorts, sweep } from "./ports.ts";

/** Options of {@link findDevices}. */
export interface FindOptions {
  /** As `os.networkInterfaces()` gives them. */
  readonly interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A device was found, or more became known of it. */
  readonly onFound?: (device: FoundDevice) => void;
  /** From 0 to 1. */
  readonly onProgress?: (done: number) => void;
  /** One way of looking did not work on a network; the others go on. */
  readonly onTrouble?: (error: unknown) => void;
}

/**
 * Looks for cameras on this machine's private networks: by WS-Discovery, by multicast DNS, and at the ports of RTSP. No password is
 * sent and nothing is changed. Throws AbortError.
 */
export async function findDevices(options: FindOptions): Promise<readonly FoundDevice[]> {
  const { interfaces, clock, signal, onFound, onProgress, onTrouble } = options;
  const found = new FoundDevices();
  const onSighting = (sighting: Sighting) => {
    const news = found.add(sighting);
    if (news) onFound?.(news);
  };
  const networks = searchedNetworks(interfaces);
  const asking = { clock, signal, onSighting };
  const ask = async (way: typeof askOnvif, network: SearchedNetwork) => {
    await way(network, asking).catch((error: unknown) => {
      signal.throwIfAborted();
      onTrouble?.(error);
    });
  };
  await Promise.all([
    ...networks.flatMap((network) => [ask(askOnvif, network), ask(askMdns, network)]),
    look(
      networks.flatMap(({ hosts }) => hosts),
      { clock, signal, onSighting, onProgress },
    ),
  ]);
  onProgress?.(1);
  return found.list();
}

/** What answers on a port is asked what it is, while the search goes on. */
async function look(
  hosts: readonly string[],
  how: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly onSighting: (sighting: Sighting) => void;
    readonly onProgress: ((done: number) => void) | undefined;
  },
): Promise<void> {
  const looks: Promise<void>[] = [];
  const known = new Set<string>();
  await sweep([...new Set(hosts)], rtspPorts, {
    ...how,
    onOpen: (host, port) => {
      if (known.has(host)) return;
      // What is open there need not be RTSP: the next port is looked at as well until one was.
      const looking = lookAt({ host, port }, how).then((isCamera) => {
        if (isCamera) known.add(host);
      });
      looking.catch(() => {}); // Awaited below.
      looks.push(looking);
    },
    onTried: (tried, all) => how.onProgress?.(Math.min(0.98, tried / all)),
  });
  await Promise.all(looks);
}

/** What is known of one address without a password; undefined where no camera answers. Throws AbortError. */
export async function lookAtHost(
  host: string,
  how: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<FoundDevice | undefined> {
  const found = new FoundDevices();
  const onSighting = (sighting: Sighting): void => {
    found.add(sighting);
  };
  for (const port of rtspPorts) {
    if (await isOpen({ host, port }, how)) await lookAt({ host, port }, { ...how, onSighting });
    if (found.list().length > 0) break;
  }
  return found.list()[0];
}

/** True where RTSP answers. */
async function lookAt(
  at: { readonly host: string; readonly port: number },
  how: { readonly clock: Clock; readonly signal: AbortSignal; readonly onSighting: (sighting: Sighting) => void },
): Promise<boolean> {
  const server = await lookAtRtsp(at, how);
  if (!server) return false;
  how.onSighting({ host: at.host, by: "port", rtspPort: at.port, banner: server.banner });
  const onvif = await lookForOnvif(at.host, how);
  if (onvif !== undefined) how.onSighting({ host: at.host, by: "onvif", onvif });
  return true;
}
