import { createSocket } from "node:dgram";
import { once } from "node:events";
import { IceUdpMuxListener } from "node-datachannel";

/** The one UDP port of all viewers. Held by its owner for the life of the process. */
export interface SharedPort {
  readonly port: number;
  readonly listener: IceUdpMuxListener;
}

const tries = 10;

/**
 * Opens the port on which all viewers are served; 0 for any free one. Throws Error when it is in use.
 *
 * The listener must stay referenced: collected as garbage, it takes the process down when viewers close. Its callback must
 * be set: a STUN request for a viewer that is already gone would find none.
 */
export async function openSharedPort(wanted: number): Promise<SharedPort> {
  for (let i = 1; ; i++) {
    // The library cannot tell which port it got when it is asked for any.
    const port = wanted === 0 ? await freePort() : wanted;
    try {
      const listener = new IceUdpMuxListener(port);
      listener.onUnhandledStunRequest(() => {});
      return { port, listener };
    } catch (error) {
      if (wanted !== 0 || i === tries) throw new Error(`UDP port ${port} cannot be opened`, { cause: error });
    }
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0);
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}
