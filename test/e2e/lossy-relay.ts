import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** A way to a hub's UDP port on which media are lost: towards a viewer, or from a publisher towards the hub. */
export interface LossyRelay extends Disposable {
  /** The answer with the relay's port in all its candidates. */
  reroute(answerSdp: string): string;
  /** Packets of media that passed and that did not. */
  readonly counters: { passed: number; lost: number };
  /** Part of the media that is lost on the way, 0 to 1; what is sent again comes through. */
  loss: number;
}

/** True for RTP; STUN, DTLS and RTCP pass. */
const isRtp = (datagram: Buffer) =>
  datagram[0]! >= 128 && datagram[0]! < 192 && (datagram[1]! < 192 || datagram[1]! > 223);

/** Starts a relay for any number of peers. The same seed loses the same packets. */
export async function startLossyRelay(seed = 1, towards: "peer" | "hub" = "peer"): Promise<LossyRelay> {
  const outer = createSocket("udp4");
  outer.bind(0);
  await once(outer, "listening");
  const inner = new Map<string, Socket>();
  let port = 0;
  let state = seed;
  const dropped = new Set<number>();
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  /** Whether a packet goes on; each is lost once at most. */
  const passes = (datagram: Buffer, to: "peer" | "hub") => {
    if (to !== towards || !isRtp(datagram)) return true;
    // The stream's number and the packet's.
    const packet = datagram.readUInt32BE(8) * 65_536 + datagram.readUInt16BE(2);
    const lost = !dropped.has(packet) && random() < relay.loss;
    if (lost) dropped.add(packet);
    relay.counters[lost ? "lost" : "passed"]++;
    return !lost;
  };
  outer.on("message", (datagram, { address, port: from }) => {
    const key = `${address}:${from}`;
    let socket = inner.get(key);
    if (!socket) {
      socket = createSocket("udp4");
      socket.on("message", (back) => {
        if (passes(back, "peer")) outer.send(back, from, address);
      });
      inner.set(key, socket);
    }
    if (passes(datagram, "hub")) socket.send(datagram, port, "127.0.0.1");
  });
  const relay: LossyRelay = {
    loss: 0,
    counters: { passed: 0, lost: 0 },
    reroute: (sdp) => {
      port = Number(/^a=candidate:\S+ 1 udp \d+ \S+ (\d+) /im.exec(sdp)?.[1]);
      const { port: own } = outer.address();
      return sdp.replaceAll(/^(a=candidate:\S+ 1 udp \d+ \S+) \d+ /gim, `$1 ${own} `);
    },
    [Symbol.dispose]: () => {
      for (const socket of [outer, ...inner.values()]) socket.close();
    },
  };
  return relay;
}
