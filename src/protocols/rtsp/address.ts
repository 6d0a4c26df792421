import { isIP } from "node:net";
import { FatalError } from "../../util/errors.ts";
import type { Credentials } from "./auth.ts";

/** An RTSP address taken apart. */
export interface RtspAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** The address as it stands in requests: without credentials and fragment. */
  readonly uri: string;
  /** `host:port`, for people. */
  readonly name: string;
  readonly credentials: Credentials | undefined;
}

/**
 * Takes an `rtsp://` or `rtsps://` address apart; credentials in the address count only where none are given. Throws
 * FatalError `bad-address`.
 */
export function parseRtspAddress(address: string, credentials?: Partial<Credentials>): RtspAddress {
  const url = URL.parse(address);
  if (!url || !["rtsp:", "rtsps:"].includes(url.protocol) || url.hostname === "") {
    throw new FatalError("the address is no RTSP address: it has to look like rtsp://192.168.1.20:554/stream1", {
      code: "bad-address",
    });
  }
  const tls = url.protocol === "rtsps:";
  const port = url.port === "" ? (tls ? 322 : 554) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const username = credentials?.username ?? decode(url.username);
  const password = credentials?.password ?? decode(url.password);
  url.username = "";
  url.password = "";
  url.hash = "";
  return {
    host,
    port,
    tls,
    uri: url.href,
    name: `${isIP(host) === 6 ? `[${host}]` : host}:${port}`,
    credentials: username === "" && password === "" ? undefined : { username, password },
  };
}

/**
 * The URI of a medium or of the whole presentation from its `a=control` (RFC 2326, C.1.1): absolute as it stands,
 * relative appended to `base` as cameras mean it (a query stays in front), `*` or nothing for `base` itself.
 */
export function resolveControl(control: string | undefined, base: string): string {
  if (control === undefined || control === "" || control === "*") return base;
  const escaped = control.replace(/[^\x21-\x7e]/gu, encodeURIComponent);
  if (/^rtsps?:\/\//i.test(escaped)) return escaped;
  if (escaped.startsWith("?")) return base + escaped;
  return `${base.replace(/\/$/, "")}/${escaped.replace(/^\//, "")}`;
}

/** The base for relative controls: Content-Base, else Content-Location, else the request's URI (RFC 2326, C.1.1). */
export function controlBase(headers: { get(name: string): string | undefined }, requestUri: string): string {
  for (const name of ["Content-Base", "Content-Location"]) {
    const value = headers.get(name);
    if (value && /^rtsps?:\/\/\S+$/i.test(value)) return value;
  }
  return requestUri;
}

/** Who asks {@link redirected}. */
export interface RedirectedFrom {
  readonly address: RtspAddress;
  /** The machine that answered, as the socket knows it. */
  readonly remoteAddress: string;
}

/**
 * Where a redirect leads: another path or port of the same machine, with the same credentials. Throws FatalError
 * `redirected-away` for another machine or a connection in the clear in place of an encrypted one, and
 * `bad-redirect` for what is no address.
 */
export function redirected(location: string, from: RedirectedFrom): RtspAddress {
  const { address, remoteAddress } = from;
  const text = location.trim().replace(/^rtsps?:\/\/(?=rtsps?:\/\/)/i, "");
  const url = URL.parse(text, address.uri);
  if (!url || !["rtsp:", "rtsps:"].includes(url.protocol) || url.hostname === "") {
    throw new FatalError(`${address.name} sends its viewers on to something that is no RTSP address`, {
      code: "bad-redirect",
    });
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const same = [address.host, remoteAddress.replace(/^::ffff:(?=\d+\.)/i, "")].includes(host);
  if (!same || (address.tls && url.protocol !== "rtsps:")) {
    const what = same ? "a connection in the clear" : `another machine, ${host.slice(0, 64)}`;
    throw new FatalError(`${address.name} sends its viewers on to ${what}: set that address if you trust it`, {
      code: "redirected-away",
    });
  }
  return parseRtspAddress(url.href, address.credentials ?? { username: "", password: "" });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
