import type { Socket } from "node:net";

/**
 * Closes the connection at once and lets the other side see a reset; what was not yet sent is dropped. One that is being shut
 * down, by us or because the other side ended, is closed without a reset: libuv refuses to reset it (EINVAL), upon which Node
 * forgets the open handle, and the process can never end (seen with Node 24).
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
