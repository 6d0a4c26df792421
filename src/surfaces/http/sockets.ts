import type { Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import { addressBlock } from "../../util/address-block.ts";
import { addressList } from "../../util/address-list.ts";

/** Limits of what strangers may hold open. */
export interface SocketLimits {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly unauthenticatedIdleMs: number;
  readonly signedInIdleMs: number;
  readonly unauthenticatedPerBlock: number;
  readonly perPerson: number;
}

/** Header 10 s, body 30 s, idle 10 s, 64 sockets of one block of addresses that have not signed in, 256 of one person. */
export const defaultSocketLimits: SocketLimits = {
  headersMs: 10_000,
  requestMs: 30_000,
  unauthenticatedIdleMs: 10_000,
  signedInIdleMs: 120_000,
  unauthenticatedPerBlock: 64,
  perPerson: 256,
};

/** One open socket. */
interface Entry {
  readonly socket: Socket;
  readonly key: string;
  readonly block: string;
  /** Id of the person who has signed in on it. */
  person?: string;
}

/**
 * Counts sockets: of strangers by block of addresses, of people by person. Strangers together have half of all; when
 * that is taken, a newcomer takes the place of the oldest of the block that has most, so that nobody who comes from
 * elsewhere is kept out. A socket leaves the strangers with its first request that carries a valid session or token.
 * One guard may protect several servers.
 */
export class SocketGuard {
  readonly #limits: SocketLimits;
  readonly #all = new Map<string, Entry>();
  readonly #strangers = new Map<string, Set<Entry>>();
  readonly #people = new Map<string, Set<Entry>>();
  #strangerCount = 0;
  #max = 0;
  #isProxy: (address: string) => boolean = () => false;

  constructor(limits: SocketLimits = defaultSocketLimits) {
    this.#limits = limits;
  }

  /** What a server has to be made with, because Node looks at slow requests only as often as it was told at the start. */
  get serverOptions(): { readonly connectionsCheckingInterval: number } {
    const { headersMs, requestMs } = this.#limits;
    return { connectionsCheckingInterval: Math.ceil(Math.min(headersMs, requestMs) / 10) };
  }

  /**
   * Puts the limits on a server before it listens; `maxConnections` is for all servers together. Everybody may
   * be behind a trusted proxy, so its sockets are no block.
   */
  protect(
    server: HttpServer,
    options: { readonly maxConnections: number; readonly trustedProxies?: readonly string[] | undefined },
  ): void {
    this.#max = options.maxConnections;
    this.#isProxy = addressList(options.trustedProxies ?? []);
    server.headersTimeout = this.#limits.headersMs;
    server.requestTimeout = this.#limits.requestMs;
    server.keepAliveTimeout = this.#limits.unauthenticatedIdleMs;
    server.timeout = this.#limits.unauthenticatedIdleMs;
    server.maxHeadersCount = 100;
    server.on("connection", (socket: Socket) => this.#admit(socket));
  }

  /** The socket's caller is this person; false when they have too many sockets already. */
  welcome(socket: Socket, person: string): boolean {
    const entry = this.#all.get(keyOf(socket));
    if (!entry || entry.person === person) return true;
    const own = this.#people.get(person) ?? new Set();
    if (own.size >= this.#limits.perPerson) return false;
    this.#leave(entry);
    entry.person = person;
    this.#all.set(entry.key, entry);
    this.#people.set(person, own.add(entry));
    socket.setTimeout(this.#limits.signedInIdleMs);
    return true;
  }

  /** Sockets from this address' block that have not signed in. */
  strangersFrom(address: string): number {
    return this.#strangers.get(addressBlock(address))?.size ?? 0;
  }

  /** Open sockets: all, and of those whose callers have not signed in. */
  get counts(): { readonly all: number; readonly strangers: number } {
    return { all: this.#all.size, strangers: this.#strangerCount };
  }

  #admit(socket: Socket): void {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) return;
    const key = keyOf(socket);
    const entry: Entry = { socket, key, block: this.#isProxy(remoteAddress) ? key : addressBlock(remoteAddress) };
    const own = this.#strangers.get(entry.block);
    if ((own?.size ?? 0) >= this.#limits.unauthenticatedPerBlock || !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    this.#all.set(entry.key, entry);
    // The block may have lost its last one just now.
    this.#strangers.set(entry.block, (this.#strangers.get(entry.block) ?? new Set()).add(entry));
    this.#strangerCount++;
    socket.once("close", () => this.#leave(entry));
  }

  /** False when people have every place. */
  #makeRoom(): boolean {
    const isFull = this.#all.size >= this.#max;
    if (!isFull && this.#strangerCount < Math.max(1, Math.floor(this.#max / 2))) return true;
    let most: Set<Entry> | undefined;
    for (const block of this.#strangers.values()) if (block.size > (most?.size ?? 0)) most = block;
    const [oldest] = most ?? [];
    if (!oldest) return false;
    this.#leave(oldest);
    oldest.socket.destroy();
    return true;
  }

  #leave(entry: Entry): void {
    if (this.#all.get(entry.key) !== entry) return;
    this.#all.delete(entry.key);
    const [by, name] = entry.person === undefined ? [this.#strangers, entry.block] : [this.#people, entry.person];
    const known = by.get(name);
    known?.delete(entry);
    if (known?.size === 0) by.delete(name);
    if (entry.person === undefined) this.#strangerCount--;
  }
}

/** A TLS socket and the TCP socket under it are two objects with the same ends. */
function keyOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localPort}`;
}
