import { createSocket } from "node:dgram";
import { once } from "node:events";
import { machineUs } from "../src/workers/webrtc/child/time.ts";

/**
 * Stands between a hub and one viewer on loopback, and notes when the last packet of each frame leaves the hub: what the viewer's own
 * library takes to wake up and decrypt is not the hub's. Of SRTP's packets the header is plain (RFC 3711, 3.1).
 */
export interface Tap extends Disposable {
  /** The viewer's offer without where it is: the hub sees who comes. */
  offer(sdp: string): string;
  /** The hub's answer, in which the tap stands for it. */
  answer(sdp: string): string;
  /** When the last packet of each frame came, in µs of the machine's clock, by its RTP timestamp; later ones in place of earlier. */
  readonly arrivals: Map<number, number>;
}

/** Opens one. */
export async function openTap(): Promise<Tap> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  const arrivals = new Map<number, number>();
  let hub: number | undefined;
  let viewer: number | undefined;
  socket.on("message", (packet, from) => {
    const nowUs = machineUs();
    if (from.port !== hub) {
      viewer = from.port;
      if (hub !== undefined) socket.send(packet, hub, "127.0.0.1");
      return;
    }
    if (isLastOfFrame(packet)) arrivals.set(packet.readUInt32BE(4), nowUs);
    if (viewer !== undefined) socket.send(packet, viewer, "127.0.0.1");
  });
  return {
    offer: (sdp) => linesOf(sdp, (line) => !line.startsWith("a=candidate:")),
    answer: (sdp) => {
      const own = /^(a=candidate:.* 127\.0\.0\.1 )(\d+)( typ host.*)$/m.exec(sdp);
      if (!own) throw new Error("the hub has no address on loopback");
      hub = Number(own[2]);
      return linesOf(sdp, (line) => !line.startsWith("a=candidate:") || line === own[0]).replace(
        own[0],
        `${own[1]}${port}${own[3]}`,
      );
    },
    arrivals,
    [Symbol.dispose]: () => socket.close(),
  };
}

function linesOf(sdp: string, isWanted: (line: string) => boolean): string {
  return sdp.split("\r\n").filter(isWanted).join("\r\n");
}

/** RTP, not RTCP on the same port (RFC 5761, 4), with its marker. */
function isLastOfFrame(packet: Buffer): boolean {
  const [first = 0, second = 0] = packet;
  const payloadType = second & 0x7f;
  return packet.length > 12 && first >> 6 === 2 && (payloadType < 64 || payloadType > 95) && (second & 0x80) !== 0;
}
