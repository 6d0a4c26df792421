import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { SecureContext } from "node:tls";
import { addressBlock } from "../util/address-block.ts";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import { listenAt } from "../util/listen.ts";
import type { Log } from "../util/log.ts";
import { answerTls, tls, tlsHandshake } from "../util/node-tls.ts";

/** Somebody who connected, and has said something. */
export interface Guest {
  /** What to speak through: the socket itself, or TLS on it. */
  readonly socket: Socket;
  readonly secure: boolean;
  /** It is a stranger no more: it may stay, and its block of addresses may have another one in its place. */
  readonly welcome: () => void;
}

/** Options of {@link GuardedPort}. */
export interface GuardedPortOptions {
  readonly host: string;
  /** The section of the configuration that says so. */
  readonly what: string;
  /** False takes nobody without TLS. */
  readonly plain: boolean;
  readonly certificate: () => Promise<{ readonly cert: string; readonly key: string }>;
  /** Serves one of them. */
  readonly serve: (guest: Guest) => void;
  /** How long strangers may stay, ms. */
  readonly strangerMs: number;
  readonly limits: GuestLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/** How many may be connected, by all ports together. */
export interface GuestLimits {
  /** Strangers have half of them. */
  readonly inAll: number;
  readonly ofBlock: number;
  readonly strangersOfBlock: number;
}

interface Present {
  readonly block: string;
  known: boolean;
}

/** Half-open connections are found after about half a minute: an unanswered probe each second after this. */
const keepAliveMs = 20_000;
/** A certificate is looked at anew after this time: the hub renews its own. */
const certificateMs = 3_600_000;

/**
 * TCP ports on which the first byte says whether it is TLS. Who connects is counted by block of addresses, and strangers
 * do not stay. Its owner disposes it, which ends every connection.
 */
export class GuardedPort implements AsyncDisposable {
  readonly #options: GuardedPortOptions;
  readonly #servers: Server[] = [];
  readonly #present = new Map<Socket, Present>();
  #certificate: Promise<SecureContext> | undefined;

  constructor(options: GuardedPortOptions) {
    this.#options = options;
  }

  /** Connections that are open. */
  get size(): number {
    return this.#present.size;
  }

  /** Opens a port; gives its number. Throws FatalError `listen`. */
  async listen(port: number, speaks: "both" | "tls"): Promise<number> {
    const { host, what } = this.#options;
    const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs };
    const server = createServer(options, (socket) => this.#came(socket, speaks));
    await listenAt(server, { host, port, what });
    this.#servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const socket of this.#present.keys()) socket.destroy();
    await Promise.all(closed);
  }

  #came(socket: Socket, speaks: "both" | "tls"): void {
    socket.on("error", () => {}); // "close" follows
    const block = addressBlock(socket.remoteAddress ?? "");
    if (this.#isFull(block)) {
      socket.destroy();
      return;
    }
    const present = { block, known: false };
    this.#present.set(socket, present);
    const late = this.#options.clock.timer(this.#options.strangerMs, () => present.known || socket.destroy());
    socket.once("close", () => {
      late[Symbol.dispose]();
      this.#present.delete(socket);
    });
    // The first byte says whether it is TLS; it is put back for whoever reads it then.
    socket.once("data", (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      const welcome = () => {
        present.known = true;
      };
      if (first[0] === tlsHandshake) this.#secure(socket, welcome);
      else if (speaks === "both" && this.#options.plain) this.#options.serve({ socket, secure: false, welcome });
      else socket.destroy();
    });
  }

  #isFull(block: string): boolean {
    const { inAll, ofBlock, strangersOfBlock } = this.#options.limits;
    const all = [...this.#present.values()];
    // Whoever has many blocks of addresses and no token leaves room for those who have one.
    if (all.length >= inAll || all.filter(({ known }) => !known).length >= inAll / 2) return true;
    const near = all.filter((other) => other.block === block);
    return near.length >= ofBlock || near.filter(({ known }) => !known).length >= strangersOfBlock;
  }

  #secure(socket: Socket, welcome: () => void): void {
    const { log, what, serve } = this.#options;
    const secured = this.#secureContext().then((secureContext) => {
      if (socket.destroyed) return;
      answerTls(socket, { secureContext }, (secure) => serve({ socket: secure, secure: true, welcome }));
    });
    background(secured, (err) => {
      log.error({ err }, `${what}: TLS cannot be spoken: ${messageOf(err)}`);
      socket.destroy();
    });
  }

  #secureContext(): Promise<SecureContext> {
    if (this.#certificate) return this.#certificate;
    const made = this.#options.certificate().then(({ cert, key }) => tls().createSecureContext({ cert, key }));
    this.#certificate = made;
    const forget = () => {
      if (this.#certificate === made) this.#certificate = undefined;
    };
    made.then(() => this.#options.clock.timer(certificateMs, forget), forget);
    return made;
  }
}
