import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way by TCP on which what the far end says comes late. */
export interface LateRelay extends AsyncDisposable {
  readonly port: number;
  /** By how much; to be set before anybody connects. */
  lateMs: number;
}

/** Starts a relay to a port of this machine. */
export async function startLateRelay(port: number): Promise<LateRelay> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => {
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    // Timers of one length keep the order: it is set before anybody connects.
    far.on("data", (bytes) => {
      setTimeout(() => near.destroyed || near.write(bytes), relay.lateMs);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const relay: LateRelay = {
    port: (server.address() as AddressInfo).port,
    lateMs: 0,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return relay;
}
