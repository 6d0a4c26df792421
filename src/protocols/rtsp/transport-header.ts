import { WireError } from "../../util/errors.ts";

/** The `Transport` header (RFC 2326, 12.39), as far as unicast players need it. */
export interface RtspTransport {
  readonly protocol: "tcp" | "udp";
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
  const parts = [transport.protocol === "tcp" ? "RTP/AVP/TCP" : "RTP/AVP", "unicast"];
  if (transport.interleaved) parts.push(`interleaved=${transport.interleaved.join("-")}`);
  if (transport.clientPorts) parts.push(`client_port=${transport.clientPorts.join("-")}`);
  if (transport.serverPorts) parts.push(`server_port=${transport.serverPorts.join("-")}`);
  if (transport.source) parts.push(`source=${transport.source}`);
  if (transport.ssrc !== undefined) parts.push(`ssrc=${transport.ssrc.toString(16).padStart(8, "0").toUpperCase()}`);
  if (transport.mode) parts.push(`mode=${transport.mode}`);
  return parts.join(";");
}

/** Reads the alternatives of a `Transport` header, best first. Throws WireError for ports or channels out of range. */
export function parseTransports(value: string): RtspTransport[] {
  return value
    .split(",")
    .slice(0, 16)
    .filter((text) => /^\s*RTP\/S?AVPF?(\/(TCP|UDP))?\s*(;|$)/i.test(text))
    .map(parseTransport);
}

function parseTransport(text: string): RtspTransport {
  const [profile = "", ...parameters] = text.split(";").map((part) => part.trim());
  const fields = new Map<string, string>();
  for (const parameter of parameters) {
    const [name = "", value = ""] = parameter.split("=", 2);
    fields.set(name.trim().toLowerCase(), value.trim().replaceAll('"', ""));
  }
  const ssrc = fields.get("ssrc");
  return {
    protocol: /\/TCP$/i.test(profile) ? "tcp" : "udp",
    interleaved: pair(fields.get("interleaved"), 255),
    clientPorts: pair(fields.get("client_port"), 65_535),
    serverPorts: pair(fields.get("server_port"), 65_535),
    source: fields.get("source") || undefined,
    ssrc: ssrc && /^ *[0-9a-f]{1,8}$/i.test(ssrc) ? Number.parseInt(ssrc, 16) : undefined,
    mode: fields.get("mode") || undefined,
  };
}

function pair(text: string | undefined, max: number): readonly [number, number] | undefined {
  if (text === undefined || text === "") return undefined;
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!match) throw new WireError("rtsp transport: no pair of numbers");
  const first = Number(match[1]);
  const second = match[2] === undefined ? first + 1 : Number(match[2]);
  if (first > max || second > max) throw new WireError("rtsp transport: number out of range");
  return [first, second];
}
