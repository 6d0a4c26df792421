import { randomUUID } from "node:crypto";
import { child, children, parseXml, textAt } from "./xml.ts";

/**
 * WS-Discovery as cameras speak it (ONVIF Core, 7.3): a probe goes by UDP to 239.255.255.250:3702, and each device answers whoever
 * asked with its addresses and scopes.
 */
export const discoveryGroup = "239.255.255.250";
export const discoveryPort = 3702;

const adhoc = "http://schemas.xmlsoap.org/ws/2005/04/discovery";
const addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
const maxAnswerBytes = 64 * 1024;
const maxMatches = 16;

/** What a device answered. */
export interface ProbeMatch {
  /** `urn:uuid:...`, the same for every answer of the device. */
  readonly endpoint: string;
  /** Addresses of its device service, as it names them. */
  readonly addresses: readonly string[];
  /** From its scopes: what it is called, and its model. */
  readonly name?: string;
  readonly hardware?: string;
}

/** A question for devices that send pictures; many older ones answer only the one for any device. */
export function writeProbe(of: "video" | "anything", id: string = randomUUID()): string {
  const types =
    of === "video"
      ? `<d:Types xmlns:n="http://www.onvif.org/ver10/network/wsdl">n:NetworkVideoTransmitter</d:Types>`
      : "";
  return `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="${addressing}" xmlns:d="${adhoc}"><s:Header><a:Action>${adhoc}/Probe</a:Action><a:MessageID>urn:uuid:${id}</a:MessageID><a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header><s:Body><d:Probe>${types}</d:Probe></s:Body></s:Envelope>`;
}

/** What ONVIF devices a datagram tells of; none where it answers no probe. Throws WireError for what is no XML. */
export function readProbeMatches(bytes: Uint8Array): readonly ProbeMatch[] {
  if (bytes.length > maxAnswerBytes) return [];
  const body = child(parseXml(new TextDecoder().decode(bytes)), "Envelope", "Body", "ProbeMatches");
  return children(body, "ProbeMatch")
    .slice(0, maxMatches)
    .flatMap((match) => {
      const endpoint = textAt(match, "EndpointReference", "Address");
      const addresses = (textAt(match, "XAddrs") ?? "").split(/\s+/).filter((one) => /^https?:\/\//i.test(one));
      if (endpoint === undefined || addresses.length === 0) return [];
      const scopes = (textAt(match, "Scopes") ?? "").split(/\s+/);
      // Computers and printers answer as well.
      const types = textAt(match, "Types") ?? "";
      if (!/NetworkVideo/.test(types) && !scopes.some((scope) => /^onvif:/i.test(scope))) return [];
      const [name, hardware] = ["name", "hardware"].map((kind) => scopeOf(scopes, kind));
      return [{ endpoint, addresses: addresses.slice(0, 8), ...(name && { name }), ...(hardware && { hardware }) }];
    });
}

/** `onvif://www.onvif.org/name/Front%20door` */
function scopeOf(scopes: readonly string[], kind: string): string | undefined {
  const start = `onvif://www.onvif.org/${kind}/`;
  const scope = scopes.find((one) => one.toLowerCase().startsWith(start));
  if (!scope) return undefined;
  const text = scope.slice(start.length).split("/")[0] ?? "";
  return readable(unescaped(text));
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A stranger's words, for people: no control characters, and short. */
function readable(text: string): string | undefined {
  return (
    text
      .replace(/[\p{C}]/gu, "")
      .trim()
      .slice(0, 64) || undefined
  );
}
