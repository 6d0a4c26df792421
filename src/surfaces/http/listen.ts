import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../util/clock.ts";
import { listenAt } from "../../util/listen.ts";
import { createServer } from "../../util/node-http.ts";
import type { Answering } from "./answering.ts";
import { leadToTls } from "./plain-to-tls.ts";
import type { SocketGuard } from "./sockets.ts";
import type { TlsMaterial } from "./tls.ts";

/** Where to listen. */
export interface ListenOptions {
  readonly answering: Answering;
  readonly sockets: SocketGuard;
  readonly host: string;
  readonly port: number;
  readonly maxConnections: number;
  readonly trustedProxies?: readonly string[] | undefined;
}

/** A server that listens; disposing closes it with all its sockets. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
}

/** Most bytes of a request's head. */
const maxHeaderSize = 16 * 1024;

/** Plain HTTP. Throws FatalError `listen`. */
export async function listenHttp(options: ListenOptions): Promise<Listening> {
  const server = createServer({ maxHeaderSize, ...options.sockets.serverOptions });
  return start(server, options);
}

/**
 * HTTPS. `renew` replaces the certificate for connections to come, which is first read when somebody comes.
 * Throws FatalError `listen`.
 */
export async function listenHttps(
  options: ListenOptions & { readonly tls: TlsMaterial; readonly clock: Clock },
): Promise<Listening & { renew(tls: TlsMaterial): void }> {
  const server = createServer({ maxHeaderSize, ...options.sockets.serverOptions });
  const leading = leadToTls(server, options);
  const listening = await start(server, options);
  return {
    ...listening,
    renew: (tls) => leading.renew(tls),
    [Symbol.asyncDispose]: () => {
      leading[Symbol.dispose]();
      return listening[Symbol.asyncDispose]();
    },
  };
}

async function start(server: Server, options: ListenOptions): Promise<Listening> {
  const { answering, sockets, host, port, maxConnections, trustedProxies } = options;
  sockets.protect(server, { maxConnections, trustedProxies });
  const upgraded = answering.listenTo(server);
  await listenAt(server, { host, port });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        // These are no longer the server's to close.
        for (const socket of upgraded) socket.destroy();
      }),
  };
}
