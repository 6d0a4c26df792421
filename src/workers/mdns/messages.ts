/** One service as DNS-SD (RFC 6763) tells of it. */
export interface MdnsService {
  /** What people read; another one of that name on the network makes it `name (2)`. */
  readonly name: string;
  /** Without underscore and protocol: `doorward`, `https`. All are TCP. */
  readonly type: string;
  readonly port: number;
  /** Name of its address records, without `.local`; no other service's, which would look like somebody else. */
  readonly hostname: string;
  /** The TXT record; every value short. */
  readonly txt: Readonly<Record<string, string>>;
}

/** What is announced, and where. */
export interface Announcement {
  readonly services: readonly MdnsService[];
  /** Names of the network interfaces that are spoken on; at least one. */
  readonly interfaces: readonly string[];
  /** Interfaces or addresses that are told; those of `interfaces` when the services listen everywhere. */
  readonly addresses: readonly string[];
  /** No IPv6 address is told: the services listen on IPv4 alone. */
  readonly ipv4Only: boolean;
}

/** What the thread is told after its start. */
export type ToMdns = { readonly type: "close" };

/** What the thread tells. */
export type FromMdns =
  /** A service is on the network, under this name. */
  | { readonly type: "announced"; readonly service: string; readonly name: string }
  /** Something did not work that people should know of. */
  | { readonly type: "trouble"; readonly message: string };
