/** Where a raw stream is served. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** The hook's port unless its `STREAM_HACK_PORT` says otherwise. */
export const defaultPort = 12_345;

/** Reads `tcp://host[:port][/]` (go2rtc's form too); undefined for anything else. */
export function parseTcpAddress(address: string): TcpAddress | undefined {
  const url = URL.parse(address);
  if (url?.protocol !== "tcp:" || url.hostname === "" || url.username !== "" || url.password !== "") return undefined;
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || defaultPort) };
}
