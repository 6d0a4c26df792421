import type { Socket } from "node:net";
import type { SecureContext, TLSSocket, TLSSocketOptions } from "node:tls";

/**
 * What the hub uses of TLS, loaded with the first call of either: 6 MB of memory and a twentieth of a start (Node 24), which a
 * hub that nobody has yet spoken to in encrypted form does without. A test holds that nobody imports them otherwise.
 */
export const tls = (): typeof import("node:tls") => process.getBuiltinModule("node:tls");

/** node:https, as {@link tls}. */
export const https = (): typeof import("node:https") => process.getBuiltinModule("node:https");

/** With which a TLS record of a handshake begins (RFC 8446, 5.1). */
export const tlsHandshake = 0x16;

/**
 * Speaks TLS as the server through a socket whose first bytes were put back, and calls `serve` when both sides have agreed. Lets go
 * of the socket when they do not, or when it breaks later.
 */
export function answerTls(
  socket: Socket,
  options: Pick<TLSSocketOptions, "ALPNProtocols"> & { readonly secureContext: SecureContext },
  serve: (secure: TLSSocket) => void,
): TLSSocket {
  const secure = new (tls().TLSSocket)(socket, { isServer: true, ...options });
  secure.on("error", () => socket.destroy());
  secure.once("secure", () => serve(secure));
  return secure;
}
