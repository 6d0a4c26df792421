import type { Server as HttpServer } from "node:http";
import type { Socket } from "node:net";

/** Limits of SECURITY.md, 12. */
export interface SocketLimits {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly unauthenticatedIdleMs: number;
  readonly signedInIdleMs: number;
  readonly unauthenticatedPerAddress: number;
}

/** Header 10 s, body 30 s, idle 10 s, 64 sockets of one address that have not signed in. */
export const defaultSocketLimits: SocketLimits = {
  headersMs: 10_000,
  requestMs: 30_000,
  unauthenticatedIdleMs: 10_000,
  signedInIdleMs: 120_000,
  unauthenticatedPerAddress: 64,
};

/**
 * Counts sockets that have not signed in, by address, and ends what is over the limit. A socket leaves the count with
 * its first request that carries a valid session or token.
 */
export class SocketGuard {
  readonly #strangers = new Map<string, Set<number>>();
  readonly #limits: SocketLimits;

  constructor(limits: SocketLimits = defaultSocketLimits) {
    this.#limits = limits;
  }

  /** Puts the limits on a server before it listens. */
  protect(server: HttpServer, options: { readonly maxConnections: number }): void {
    server.headersTimeout = this.#limits.headersMs;
    server.requestTimeout = this.#limits.requestMs;
    server.keepAliveTimeout = this.#limits.unauthenticatedIdleMs;
    server.timeout = this.#limits.unauthenticatedIdleMs;
    server.maxConnections = options.maxConnections;
    server.maxHeadersCount = 100;
    server.on("connection", (socket: Socket) => this.#admit(socket));
  }

  /** The socket's caller has signed in. */
  welcome(socket: Socket): void {
    socket.setTimeout(this.#limits.signedInIdleMs);
    if (socket.remoteAddress !== undefined && socket.remotePort !== undefined) {
      this.#leave(socket.remoteAddress, socket.remotePort);
    }
  }

  /** Sockets of an address that have not signed in. */
  strangersFrom(address: string): number {
    return this.#strangers.get(address)?.size ?? 0;
  }

  /** Counts by address and port, because a TLS socket and the TCP socket under it are two objects. */
  #admit(socket: Socket): void {
    const { remoteAddress: address, remotePort: port } = socket;
    if (address === undefined || port === undefined) return;
    const known = this.#strangers.get(address) ?? new Set();
    if (known.size >= this.#limits.unauthenticatedPerAddress) {
      socket.destroy();
      return;
    }
    known.add(port);
    this.#strangers.set(address, known);
    socket.once("close", () => this.#leave(address, port));
  }

  #leave(address: string, port: number): void {
    const known = this.#strangers.get(address);
    known?.delete(port);
    if (known?.size === 0) this.#strangers.delete(address);
  }
}
