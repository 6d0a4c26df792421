import { isIP } from "node:net";
import sdpTransform from "sdp-transform";
import { FatalError, messageOf } from "../../../util/errors.ts";
import type { Endpoint } from "./message.ts";

/** Where a viewer may be reached. */
export interface RemoteCandidate extends Endpoint {
  readonly priority: number;
}

/** What an offer says about the connection itself. */
export interface OfferedTransport {
  readonly ufrag: string;
  readonly pwd: string;
  readonly iceLite: boolean;
  /** SHA-2 of the viewer's certificate (RFC 8122). */
  readonly fingerprint: { readonly bits: 256 | 384 | 512; readonly hash: Uint8Array };
  /** Which side of DTLS we are (RFC 8842). */
  readonly dtlsRole: "client" | "server";
  readonly candidates: readonly RemoteCandidate[];
  /** `a=rtcp-fb` of each payload type, e.g. "nack pli". */
  readonly feedback: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads ICE's and DTLS' part of an offer; all its sections share the first one's transport. Throws FatalError `bad-offer`
 * when something is missing.
 */
export function readTransport(sdp: string): OfferedTransport {
  const session = parse(sdp);
  const first = session.media[0];
  const ufrag = first?.iceUfrag ?? session.iceUfrag;
  const pwd = first?.icePwd ?? session.icePwd;
  const print = first?.fingerprint ?? session.fingerprint;
  // Numbers look like numbers to the parser.
  if (!isIceText(ufrag, 4) || !isIceText(pwd, 22)) throw bad("no ICE user name or password");
  if (!print) throw bad("no fingerprint");
  const setup = first?.setup ?? session.setup ?? "actpass";
  if (!["actpass", "active", "passive"].includes(setup)) throw bad(`a=setup:${setup}`);
  return {
    ufrag: String(ufrag),
    pwd: String(pwd),
    iceLite: session.icelite !== undefined,
    fingerprint: readFingerprint(print),
    dtlsRole: setup === "passive" ? "client" : "server",
    candidates: session.media.flatMap(({ candidates = [] }) => candidates.flatMap((one) => pick(one))),
    feedback: Map.groupBy(
      session.media.flatMap(({ rtcpFb = [] }) => rtcpFb),
      ({ payload }) => String(payload),
    )
      .entries()
      .reduce(
        (all, [payload, entries]) =>
          all.set(
            payload,
            entries.map(({ type, subtype }) => (subtype ? `${type} ${subtype}` : type)),
          ),
        new Map<string, string[]>(),
      ),
  };
}

/** A trickled candidate (RFC 8839, 5.1); undefined for a name, for TCP, and for anything else. */
export function readCandidate(text: string): RemoteCandidate | undefined {
  const words = text
    .replace(/^a=/, "")
    .replace(/^candidate:/, "")
    .split(" ");
  const [, component, transport = "", priority, address = "", port] = words;
  if (words.length < 8 || component !== "1") return undefined;
  return pick({ transport, ip: address, port: Number(port), priority: Number(priority) })[0];
}

interface AnyCandidate {
  readonly transport: string;
  readonly ip: string;
  readonly port: number;
  readonly priority: number | string;
  readonly component?: number;
}

/** Browsers hide their addresses behind names, which a hub need not look up: the browser comes to the hub's candidates. */
function pick(candidate: AnyCandidate): RemoteCandidate[] {
  const { transport, ip, port, component = 1 } = candidate;
  const priority = Number(candidate.priority);
  if (String(transport).toLowerCase() !== "udp" || component !== 1 || isIP(String(ip)) === 0) return [];
  if (String(ip).includes("%") || !Number.isInteger(port) || port < 1 || port > 65_535) return [];
  if (!Number.isInteger(priority) || priority < 0 || priority > 0xffff_ffff) return [];
  return [{ address: ip, port, priority }];
}

function readFingerprint({ type, hash }: { readonly type: string; readonly hash: string }) {
  const bits = Number(/^sha-(256|384|512)$/i.exec(type)?.[1]);
  const bytes = Buffer.from(hash.replaceAll(":", ""), "hex");
  if ((bits !== 256 && bits !== 384 && bits !== 512) || bytes.length !== bits / 8) throw bad(`fingerprint ${type}`);
  return { bits, hash: new Uint8Array(bytes) } as const;
}

function isIceText(value: unknown, least: number): boolean {
  const text = value === undefined ? "" : String(value);
  return text.length >= least && text.length <= 255 && /^[\w+/-]+$/.test(text);
}

function parse(sdp: string): sdpTransform.SessionDescription & { readonly icelite?: string } {
  try {
    return sdpTransform.parse(sdp);
  } catch (error) {
    throw bad(messageOf(error));
  }
}

function bad(why: string): FatalError {
  return new FatalError(`offer cannot be served: ${why}`, { code: "bad-offer" });
}
