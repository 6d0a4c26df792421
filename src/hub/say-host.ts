import { isIP } from "node:net";
import { isLoopbackAddress, isRefusedAddress } from "../util/address.ts";

/** Where sounds may be fetched from: a host, with the scheme and the port if they were given. */
export interface SayHost {
  /** As it is written in lists: `https://media.example.org`, `192.168.1.5:8123`. */
  readonly text: string;
  /** Both when absent. */
  readonly scheme?: "http" | "https";
  /** Lower case, as URLs have it: IPv6 in brackets, other letters than ASCII as punycode. */
  readonly host: string;
  /** The usual one of the scheme when absent. */
  readonly port?: number;
}

/** How a host is written, for people. */
export const sayHostForm =
  "a host with scheme and port where they are needed, e.g. http://homeassistant.local:8123; without a scheme http and https are meant, " +
  "without a port the usual one";

const pattern = /^(?:(https?):\/\/)?(\[[0-9a-f:.]{2,45}\]|[^\s/:?#@[\]]{1,253})(?::([0-9]{1,5}))?\/?$/iu;

/** Reads one entry of a list; undefined for what is none. Neither paths nor passwords nor wildcards are part of one. */
export function parseSayHost(written: string): SayHost | undefined {
  const [, scheme, name = "", digits] = pattern.exec(written.trim()) ?? [];
  const host = name.includes("*") ? undefined : URL.parse(`http://${name}`)?.hostname.replace(/\.$/, "");
  const port = digits === undefined ? undefined : Number(digits);
  if (host === undefined || host === "" || port === 0 || (port ?? 0) > 65_535) return undefined;
  const lower = scheme?.toLowerCase() as SayHost["scheme"];
  const text = `${lower === undefined ? "" : `${lower}://`}${host}${port === undefined ? "" : `:${port}`}`;
  return { text, host, ...(lower !== undefined && { scheme: lower }), ...(port !== undefined && { port }) };
}

/** True for an address that is never fetched from, listed or not: link-local, multicast, the metadata services of clouds. */
export function isNeverFetched({ host }: Pick<SayHost, "host">): boolean {
  const address = host.replace(/^\[|\]$/g, "");
  return isIP(address) !== 0 && isRefusedAddress(address) && !isLoopbackAddress(address);
}

/** True when `url` is on one of the hosts, by a scheme and a port that the list means. */
export function isOnHost(url: URL, hosts: readonly SayHost[]): boolean {
  if (url.protocol !== "http:" && url.protocol !== "https:") return false;
  const usual = url.protocol === "https:" ? 443 : 80;
  const port = url.port === "" ? usual : Number(url.port);
  const host = url.hostname.replace(/\.$/, "");
  return hosts.some((one) => {
    return (
      one.host === host && (one.port ?? usual) === port && [undefined, url.protocol.slice(0, -1)].includes(one.scheme)
    );
  });
}
