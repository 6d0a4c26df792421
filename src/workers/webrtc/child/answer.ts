import { isIP } from "node:net";

/** Where the worker can be reached besides what the library found out. */
export interface ExtraCandidates {
  /** None are added where it is not known. */
  readonly port: number | undefined;
  /** IP addresses, the best first. */
  readonly addresses: readonly string[];
}

/**
 * Adds host candidates (RFC 8839, 5.1) to an answer that has been gathered: the library leaves out loopback and cannot know
 * the address outside a container. Those that are already there are not repeated.
 */
export function withCandidates(sdp: string, extra: ExtraCandidates): string {
  const { port } = extra;
  if (port === undefined) return sdp;
  const lines = sdp.split("\r\n").filter((line) => line !== "");
  const known = new Set(lines.filter((line) => line.startsWith("a=candidate:")).map((line) => line.split(" ")[4]));
  const added = extra.addresses
    .filter((address) => isIP(address) !== 0 && !known.has(address))
    .map((address, i) => {
      const priority = 126 * 2 ** 24 + (1000 - i) * 2 ** 8 + 255;
      return `a=candidate:x${i} 1 UDP ${priority} ${address} ${port} typ host`;
    });
  const firstMedia = lines.findIndex((line) => line.startsWith("m="));
  const nextMedia = lines.findIndex((line, i) => i > firstMedia && line.startsWith("m="));
  const section = lines.slice(firstMedia, nextMedia < 0 ? undefined : nextMedia);
  const end = section.indexOf("a=end-of-candidates");
  const at = firstMedia + (end < 0 ? section.length : end);
  return `${[...lines.slice(0, at), ...added, ...lines.slice(at)].join("\r\n")}\r\n`;
}

/** The port of a gathered answer's own addresses. */
export function hostPort(sdp: string): number | undefined {
  const [, port] = /^a=candidate:\S+ 1 UDP \d+ \S+ (\d+) typ host/im.exec(sdp) ?? [];
  return port === undefined ? undefined : Number(port);
}

/**
 * The offer without candidates that are names: browsers hide their addresses behind mDNS names, which a hub need not look
 * up, because the browser comes to the hub's own candidates.
 */
export function withoutNames(sdp: string): string {
  return sdp
    .split(/\r?\n/)
    .filter((line) => !line.startsWith("a=candidate:") || isAddressCandidate(line))
    .join("\r\n");
}

/** True for a candidate whose address is an IP address and whose transport is UDP. */
export function isAddressCandidate(candidate: string): boolean {
  const words = candidate.replace(/^a=/, "").split(" ");
  return words.length >= 8 && words[2]?.toLowerCase() === "udp" && isIP(words[4] ?? "") !== 0;
}
