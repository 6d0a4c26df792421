import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { RecoverableError } from "../../util/errors.ts";

/** Where datagrams of one medium may come from and go to. */
export interface UdpPeer {
  readonly address: string;
  /** RTP and RTCP port of the peer; when the set-up did not name them, the first that send are the ones. */
  readonly ports?: readonly [number, number];
}

/** Options of {@link openUdpPair}. */
export interface UdpPairOptions {
  /** Address of the peer: decides the family. */
  readonly remoteAddress: string;
  /** Local address to bind; any unless told. */
  readonly localAddress?: string;
  readonly onRtp: (datagram: Uint8Array) => void;
  readonly onRtcp: (datagram: Uint8Array) => void;
}

/**
 * Two UDP sockets on neighbouring ports, the even one for RTP (RFC 3550, 11), locked to the peer that the set-up named:
 * whatever comes from elsewhere is dropped and counted. The owner disposes it.
 */
export class UdpPair implements Disposable {
  readonly ports: readonly [number, number];
  /** Datagrams from strangers. */
  strangers = 0;
  /** Datagrams to the peer's RTP port that its machine sent back (ICMP "port unreachable"); see {@link noticeRefusals}. */
  refusals = 0;
  #connected = false;
  #address: string | undefined;
  #ports: [rtp: number | undefined, rtcp: number | undefined] = [undefined, undefined];
  readonly #sockets: readonly [Socket, Socket];

  constructor(sockets: readonly [Socket, Socket], options: UdpPairOptions) {
    this.#sockets = sockets;
    this.ports = [sockets[0].address().port, sockets[1].address().port];
    for (const index of [0, 1] as const) {
      const socket = sockets[index];
      const deliver = index === 0 ? options.onRtp : options.onRtcp;
      socket.on("message", (datagram, from) => {
        if (this.#accepts(index, from)) deliver(datagram);
        else this.strangers++;
      });
      socket.on("error", () => {}); // ICMP "port unreachable" of a camera that reboots; silence is noticed elsewhere
    }
  }

  /** Says who the peer is; before this everything is dropped. */
  lock(peer: UdpPeer): void {
    this.#address = plain(peer.address);
    if (peer.ports) this.#ports = [...peer.ports];
  }

  /** Whether it is known where RTP goes: by the set-up, or by what came from the peer's RTP or RTCP port. */
  get reachable(): boolean {
    return this.#rtpPort !== undefined;
  }

  /** Lets the system tell when nobody listens at the peer's RTP port; from now on RTP comes from that port only. */
  noticeRefusals(): void {
    const port = this.#rtpPort;
    const [socket] = this.#sockets;
    if (port === undefined || this.#address === undefined) return;
    socket.on("error", () => this.refusals++);
    socket.connect(port, this.#address, () => {
      this.#connected = true;
    });
  }

  sendRtp(datagram: Uint8Array): boolean {
    if (!this.#connected) return this.#send(0, datagram);
    this.#sockets[0].send(datagram);
    return true;
  }

  /** RTCP is one above RTP (RFC 3550, 11). */
  get #rtpPort(): number | undefined {
    const [rtp, rtcp] = this.#ports;
    return rtp ?? (rtcp === undefined || rtcp % 2 === 0 ? undefined : rtcp - 1);
  }

  sendRtcp(datagram: Uint8Array): boolean {
    return this.#send(1, datagram);
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.close();
  }

  #send(index: 0 | 1, datagram: Uint8Array): boolean {
    const port = index === 0 ? this.#rtpPort : this.#ports[1];
    if (port === undefined) return false;
    this.#sockets[index].send(datagram, port, this.#address);
    return true;
  }

  #accepts(index: 0 | 1, from: { readonly address: string; readonly port: number }): boolean {
    if (this.#address === undefined || plain(from.address) !== this.#address) return false;
    this.#ports[index] ??= from.port;
    return this.#ports[index] === from.port;
  }
}

/** Binds a pair of neighbouring ports. Throws RecoverableError when none is free. */
export async function openUdpPair(options: UdpPairOptions): Promise<UdpPair> {
  for (let attempt = 0; attempt < 32; attempt++) {
    const rtp = await bind(options, 0);
    if (!rtp) continue;
    const { port } = rtp.address();
    const rtcp = port % 2 === 0 ? await bind(options, port + 1) : undefined;
    if (rtcp) return new UdpPair([rtp, rtcp], options);
    rtp.close();
  }
  throw new RecoverableError("no pair of UDP ports is free on this machine", { code: "no-port" });
}

async function bind(options: UdpPairOptions, port: number): Promise<Socket | undefined> {
  const type = isIPv6(plain(options.remoteAddress)) ? "udp6" : "udp4";
  const socket = createSocket({ type, recvBufferSize: 1024 * 1024 });
  socket.bind({
    port,
    ...(options.localAddress === undefined ? {} : { address: options.localAddress }),
    exclusive: true,
  });
  try {
    await once(socket, "listening");
    return socket;
  } catch (error) {
    if ((error as { code?: string }).code !== "EADDRINUSE") throw error;
    return undefined;
  }
}

/** A dual-stack socket shows IPv4 peers as `::ffff:1.2.3.4`. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}
