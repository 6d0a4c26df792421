import { createSocket } from "node:dgram";
import { once } from "node:events";
import { discoveryGroup, discoveryPort, readProbeMatches, writeProbe } from "../protocols/onvif/ws-discovery.ts";
import type { Clock } from "../util/clock.ts";
import { isAbort, WireError } from "../util/errors.ts";
import type { Sighting } from "./found.ts";
import type { SearchedNetwork } from "./networks.ts";

/** How a network is asked. */
export interface Asking {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onSighting: (sighting: Sighting) => void;
}

/** UDP loses datagrams: the question is asked again, by both of its forms. */
const asked = [
  { of: "video", afterMs: 0 },
  { of: "anything", afterMs: 300 },
  { of: "video", afterMs: 700 },
  { of: "anything", afterMs: 1000 },
] as const;
const patienceMs = 4000;

/** Asks a network for ONVIF devices by WS-Discovery; resolves when no answer is to be expected any more. Throws AbortError. */
export async function askOnvif(network: SearchedNetwork, { clock, signal, onSighting }: Asking): Promise<void> {
  const socket = createSocket("udp4");
  using _closed = { [Symbol.dispose]: () => socket.close() };
  const hosts = new Set(network.hosts);
  socket.on("message", (bytes, { address }) => {
    // Who answers is believed for its own address only, and only one of the network that was asked.
    if (hosts.has(address)) for (const sighting of sightingsOf(bytes, address)) onSighting(sighting);
  });
  socket.on("error", () => {});
  socket.bind(0, network.own);
  await once(socket, "listening", { signal });
  socket.setMulticastInterface(network.own);
  for (const { of, afterMs } of asked) {
    await clock.sleep(afterMs, signal);
    socket.send(writeProbe(of), discoveryPort, discoveryGroup);
  }
  await clock.sleep(patienceMs - 2000, signal);
}

function sightingsOf(bytes: Uint8Array, host: string): readonly Sighting[] {
  try {
    return readProbeMatches(bytes).map(({ addresses, name, hardware }) => ({
      ...{ host, by: "onvif" as const, name, model: hardware },
      onvif: atHost(addresses, host),
    }));
  } catch (error) {
    if (error instanceof WireError || isAbort(error)) return [];
    throw error;
  }
}

/** The service's address at the host that answered: what else a device names may lead anywhere. */
function atHost(addresses: readonly string[], host: string): string | undefined {
  const urls = addresses.map((one) => URL.parse(one)).filter((url) => url !== null);
  const url = urls.find(({ hostname }) => hostname === host) ?? urls[0];
  if (!url) return undefined;
  if (url.hostname !== host) url.port = "";
  url.hostname = host;
  url.username = "";
  url.password = "";
  return url.href;
}
