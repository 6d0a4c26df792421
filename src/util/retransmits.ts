import { readFile } from "node:fs/promises";

/** A TCP connection as the kernel lists it. */
export interface TcpEnds {
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

const lists = ["/proc/net/tcp", "/proc/net/tcp6"];

/**
 * How often what was last sent on each connection has been sent again because nobody acknowledged it. Keep-alive is silent
 * while something is unacknowledged, and the kernel goes on trying for a quarter of an hour: this tells sooner that the other
 * end is gone. Linux only; elsewhere nothing is known of any.
 */
export async function readRetransmits(): Promise<(ends: TcpEnds) => number> {
  const texts = await Promise.all(lists.map((path) => readFile(path, "latin1").catch(() => "")));
  const found = new Map(texts.flatMap(parseTcpList));
  return (ends) => found.get(keyOf(ends)) ?? 0;
}

/** The lines of such a list: connections, and how often each sends again. Exported for its test. */
export function parseTcpList(text: string): readonly (readonly [string, number])[] {
  return text.split("\n").flatMap((line) => {
    const [, local = "", remote = "", , , , again = ""] = line.trim().split(/\s+/);
    const [localPort, [address = "", port = ""]] = [local.split(":")[1] ?? "", remote.split(":")];
    const remoteAddress = addressOf(address);
    const retransmits = Number.parseInt(again, 16);
    if (remoteAddress === undefined || Number.isNaN(retransmits) || retransmits === 0) return [];
    const [here, there] = [Number.parseInt(localPort, 16), Number.parseInt(port, 16)];
    return [[keyOf({ localPort: here, remoteAddress, remotePort: there }), retransmits]];
  });
}

/** Words of 32 bits in the machine's order, which is little-endian wherever Node runs. */
function addressOf(hex: string): string | undefined {
  if (!/^([0-9A-F]{8}|[0-9A-F]{32})$/.test(hex)) return undefined;
  const bytes = Buffer.from(hex, "hex");
  const ordered = Buffer.concat(
    Array.from({ length: bytes.length / 4 }, (_, n) => Buffer.from(bytes.subarray(4 * n, 4 * n + 4)).reverse()),
  );
  if (ordered.length === 4) return ordered.join(".");
  return Array.from({ length: 8 }, (_, n) => ordered.readUInt16BE(2 * n).toString(16)).join(":");
}

function keyOf({ localPort, remoteAddress, remotePort }: TcpEnds): string {
  return `${localPort} ${plain(remoteAddress)} ${remotePort}`;
}

/** One text for one address: IPv4 as itself, also where it comes as IPv6. */
function plain(address: string): string {
  const text = address.replace(/%.*$/, "");
  if (!text.includes(":")) return text;
  const short = URL.parse(`http://[${text}]`)?.hostname.slice(1, -1) ?? text;
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  if (!mapped) return short;
  const [high, low] = [Number.parseInt(mapped[1] ?? "", 16), Number.parseInt(mapped[2] ?? "", 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
