/** The `Transport` header (RFC 2326, 12.39), as far as unicast players need it. */
export interface RtspTransport {
  readonly protocol: "tcp" | "udp";
  /** The profile with early feedback (RFC 4585), where the description says so. */
  readonly feedback?: boolean;
  /** Channels for RTP and RTCP on the connection itself. */
  readonly interleaved?: readonly [number, number];
  readonly clientPorts?: readonly [number, number];
  readonly serverPorts?: readonly [number, number];
  /** Address that the media comes from, when it is not the server's own. */
  readonly source?: string;
  /** Synchronisation source of the sender. */
  readonly ssrc?: number;
  /** RECORD for streams towards the server. */
  readonly mode?: string;
}

/** Writes a `Transport` header. */
export function formatTransport(transport: RtspTransport): string {
  const profile = transport.feedback ? "RTP/AVPF" : "RTP/AVP";
  const parts = [transport.protocol === "tcp" ? `${profile}/TCP` : profile, "unicast"];
  if (transport.interleaved) parts.push(`interleaved=${transport.interleaved.join("-")}`);
  if (transport.clientPorts) parts.push(`client_port=${transport.clientPorts.join("-")}`);
  if (transport.serverPorts) parts.push(`server_port=${transport.serverPorts.join("-")}`);
  if (transport.source) parts.push(`source=${transport.source}`);
  if (transport.ssrc !== undefined) parts.push(`ssrc=${transport.ssrc.toString(16).padStart(8, "0").toUpperCase()}`);
  if (transport.mode) parts.push(`mode=${transport.mode}`);
  return parts.join(";");
}

/**
 * Reads the alternatives of a `Transport` header, best first, as forgivingly as it can be: parameters may stand before the
 * profile, `interleaved` means the connection itself whatever the profile says, ports and channels out of range count as
 * not given.
 */
export function parseTransports(value: string): RtspTransport[] {
  return value
    .split(",")
    .slice(0, 16)
    .filter((text) => text.split(";").some((part) => profile.test(part.trim())))
    .map(parseTransport);
}

const profile = /^RTP\/S?AVPF?(\/(TCP|UDP))?$/i;

function parseTransport(text: string): RtspTransport {
  const parts = text.split(";").map((part) => part.trim());
  const fields = new Map<string, string>();
  for (const parameter of parts) {
    const [name = "", value = ""] = parameter.split("=", 2);
    fields.set(name.trim().toLowerCase(), value.trim().replaceAll('"', ""));
  }
  const ssrc = fields.get("ssrc");
  const interleaved = pair(fields.get("interleaved"), { min: 0, max: 255 });
  const overTcp = parts.some((part) => profile.test(part) && /\/TCP$/i.test(part));
  return {
    protocol: overTcp || interleaved ? "tcp" : "udp",
    interleaved,
    clientPorts: pair(fields.get("client_port"), { min: 1, max: 65_535 }),
    serverPorts: pair(fields.get("server_port"), { min: 1, max: 65_535 }),
    source: fields.get("source") || undefined,
    ssrc: ssrc && /^ *[0-9a-f]{1,8}$/i.test(ssrc) ? Number.parseInt(ssrc, 16) : undefined,
    mode: fields.get("mode") || undefined,
  };
}

function pair(
  text: string | undefined,
  range: { readonly min: number; readonly max: number },
): readonly [number, number] | undefined {
  const match = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(text ?? "");
  if (!match) return undefined;
  const first = Number(match[1]);
  const second = match[2] === undefined ? first + 1 : Number(match[2]);
  return Math.min(first, second) < range.min || Math.max(first, second) > range.max ? undefined : [first, second];
}
