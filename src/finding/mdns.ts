import type { ResponsePacket } from "multicast-dns";
import type { SearchedNetwork } from "./networks.ts";
import type { Asking } from "./onvif.ts";

/** What cameras and their recorders announce themselves as. */
const types = ["_rtsp._tcp", "_onvif._tcp", "_axis-video._tcp", "_psia._tcp", "_CGI._tcp", "_hikvision._tcp"].map(
  (type) => `${type}.local`,
);

/** The question is asked again, for UDP loses datagrams. */
const askedAfterMs = [0, 500, 1500];
const patienceMs = 2000;

/** Asks a network for cameras by multicast DNS (RFC 6762); resolves when no answer is to be expected. Throws AbortError. */
export async function askMdns(network: SearchedNetwork, { clock, signal, onSighting }: Asking): Promise<void> {
  const { default: createMdns } = await import("multicast-dns");
  const mdns = createMdns({ interface: network.own, bind: "0.0.0.0", reuseAddr: true, loopback: false });
  using _closed = { [Symbol.dispose]: () => mdns.destroy() };
  const hosts = new Set(network.hosts);
  mdns.on("error", () => {});
  mdns.on("response", (packet, { address }) => {
    if (!hosts.has(address)) return;
    for (const told of announcedIn(packet)) onSighting({ host: address, by: "mdns", ...told });
  });
  for (const afterMs of askedAfterMs) {
    await clock.sleep(afterMs, signal);
    mdns.query({ questions: types.map((name) => ({ name, type: "PTR" as const })) });
  }
  await clock.sleep(patienceMs, signal);
}

/** The cameras that an answer tells of: names by PTR, ports by SRV. */
export function announcedIn(packet: Pick<ResponsePacket, "answers" | "additionals">) {
  const records = [...packet.answers, ...packet.additionals].slice(0, 64);
  const instances = records.flatMap((record) => {
    const type = types.find((one) => one.toLowerCase() === record.name.toLowerCase());
    return record.type === "PTR" && type !== undefined ? [{ type, instance: record.data }] : [];
  });
  return instances.map(({ type, instance }) => {
    const srv = records.find((record) => record.type === "SRV" && record.name === instance);
    const port = srv?.type === "SRV" ? srv.data.port : undefined;
    const name = instance
      .slice(0, -type.length - 1)
      .replace(/[\p{C}]/gu, "")
      .slice(0, 64);
    // What a camera announces may be an instance of several words: the maker is often among them.
    return { name, ...(type === "_rtsp._tcp.local" && port !== undefined && port > 0 && { rtspPort: port }) };
  });
}
