import type { Server } from "node:https";
import type { Socket } from "node:net";

/** The first byte of a TLS record that begins a handshake (RFC 8446, 5.1). */
const handshake = 22;
const maxHeadBytes = 4096;
/** As long as a handshake may take. */
const firstWordMs = 10_000;

/**
 * Whoever types `hub:8443` comes without encryption: the port's server leads them to the same address with it. What begins with
 * TLS goes its way; what is neither is let go of.
 */
export function leadToTls(server: Server): void {
  const own = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    const broken = () => socket.destroy();
    socket.once("error", broken);
    socket.setTimeout(firstWordMs, broken);
    socket.once("readable", () => {
      const first = socket.read() as Buffer | null;
      if (first === null) return broken();
      if (first[0] !== handshake) return socket.end(redirection(first.toString("latin1", 0, maxHeadBytes)));
      socket.off("error", broken);
      socket.setTimeout(0);
      socket.off("timeout", broken);
      socket.unshift(first);
      for (const listener of own) listener.call(server, socket);
    });
  });
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
