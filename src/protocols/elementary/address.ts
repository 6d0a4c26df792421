/** Where a raw stream is served. */
export interface StreamAddress {
  readonly host: string;
  readonly port: number;
}

/** The hook's port unless its `STREAM_HACK_PORT` says otherwise. */
export const defaultPort = 12_345;

/** Reads `scheme://host[:port][/]` (go2rtc's form too, for `tcp`); undefined for anything else. */
export function parseStreamAddress(address: string, scheme: "tcp" | "ingenic"): StreamAddress | undefined {
  const url = URL.parse(address);
  if (url?.protocol !== `${scheme}:` || url.hostname === "" || url.username !== "" || url.password !== "") {
    return undefined;
  }
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || defaultPort) };
}
