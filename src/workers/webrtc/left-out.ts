import { networkInterfaces } from "node:os";

/**
 * Addresses of the interfaces whose names fit one of the patterns (`docker*`, `br-*`): of bridges to containers, say, by which
 * no viewer comes.
 */
export function leftOutAddresses(
  patterns: readonly string[],
  interfaces: ReturnType<typeof networkInterfaces> = patterns.length > 0 ? networkInterfaces() : {},
): ReadonlySet<string> {
  const fits = patterns.map(
    (pattern) => new RegExp(`^${pattern.replaceAll(/[^\w*]/g, "\\$&").replaceAll("*", ".*")}$`),
  );
  const left = Object.entries(interfaces).filter(([name]) => fits.some((one) => one.test(name)));
  return new Set(left.flatMap(([, found]) => found ?? []).map(({ address }) => address));
}

/** A description without the candidates at these addresses. */
export function withoutAddresses(sdp: string, left: ReadonlySet<string>): string {
  if (left.size === 0) return sdp;
  return sdp
    .split("\r\n")
    .filter((line) => !line.startsWith("a=candidate:") || !left.has(candidateAddress(line)))
    .join("\r\n");
}

/** The address of a candidate line (RFC 8839, 5.1). */
export function candidateAddress(candidate: string): string {
  return candidate.split(" ")[4] ?? "";
}
