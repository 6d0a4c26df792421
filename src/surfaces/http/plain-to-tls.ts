import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { SecureContext } from "node:tls";
import type { Clock } from "../../util/clock.ts";
import { answerTls, tls, tlsHandshake } from "../../util/node-tls.ts";
import type { TlsMaterial } from "./tls.ts";

const maxHeadBytes = 4096;
/** From connecting until both sides have agreed. */
const handshakeMs = 10_000;

/** What {@link leadToTls} gives: disposing lets go of who has not finished a handshake. */
export interface LeadingToTls extends Disposable {
  /** Another certificate, for connections to come. */
  renew(tls: TlsMaterial): void;
}

/**
 * Makes a server that listens for HTTP one that takes HTTPS. Whoever types `hub:8443` comes without encryption: they are led to the
 * same address with it. What begins with TLS goes its way; what is neither is let go of.
 */
export function leadToTls(server: Server, options: { readonly tls: TlsMaterial; readonly clock: Clock }): LeadingToTls {
  const own = server.listeners("connection");
  server.removeAllListeners("connection");
  let material = options.tls;
  let context: SecureContext | undefined;
  const shaking = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    const broken = () => socket.destroy();
    const late = options.clock.timer(handshakeMs, broken);
    shaking.add(socket);
    socket.once("error", broken);
    const through = () => {
      late[Symbol.dispose]();
      shaking.delete(socket);
    };
    socket.once("close", through);
    socket.once("readable", () => {
      const first = socket.read() as Buffer | null;
      if (first === null) return broken();
      if (first[0] !== tlsHandshake) return socket.end(redirection(first.toString("latin1", 0, maxHeadBytes)));
      socket.unshift(first);
      context ??= contextOf(material);
      answerTls(socket, { secureContext: context, ALPNProtocols: ["http/1.1"] }, (secure) => {
        through();
        for (const listener of own) listener.call(server, secure);
      });
    });
  });
  return {
    renew: (next) => {
      [material, context] = [next, undefined];
    },
    [Symbol.dispose]: () => {
      for (const socket of shaking) socket.destroy();
    },
  };
}

function contextOf({ cert, key }: TlsMaterial): SecureContext {
  const options = { cert, key, minVersion: "TLSv1.2", honorCipherOrder: true, sessionIdContext: "doorward" } as const;
  return tls().createSecureContext(options);
}

/** The answer to the head of a plain request: where to go; empty for what is no request. */
export function redirection(head: string): string {
  const path = /^[A-Z]{3,8} (\/[!-~]{0,2000}) HTTP\/1\.[01]\r\n/.exec(head)?.[1];
  const host = /\r\nhost: *([\w.:[\]-]{1,255}) *\r\n/i.exec(head)?.[1];
  if (path === undefined || host === undefined) return "";
  const body = "This address is encrypted: https.\n";
  // Not for ever: another server may have this port one day.
  return `HTTP/1.1 307 Temporary Redirect\r\nlocation: https://${host}${path}\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
}
