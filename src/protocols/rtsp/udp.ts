import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv4, isIPv6 } from "node:net";
import type { Clock } from "../../util/clock.ts";
import { RecoverableError } from "../../util/errors.ts";

/** Where datagrams of one medium may come from and go to. */
export interface UdpPeer {
  readonly address: string;
  /** RTP and RTCP port of the peer as the set-up named them: where to send to until something comes. */
  readonly ports?: readonly [number, number];
  /** Another address that the set-up named as the one that sends. */
  readonly source?: string;
}

/** Options of {@link openUdpPair}. */
export interface UdpPairOptions {
  /** Address of the peer: decides the family. */
  readonly remoteAddress: string;
  /** Local address to bind; any by default. */
  readonly localAddress?: string;
  readonly clock: Clock;
  readonly onRtp: (datagram: Uint8Array) => void;
  readonly onRtcp: (datagram: Uint8Array) => void;
  /** Called once when the peer sends from another port than the set-up named. */
  readonly onOtherPort?: () => void;
}

/** A sender that is silent for so long may be replaced by another port of the same address. */
const moveAfterUs = 1_000_000;

/**
 * Two UDP sockets on neighbouring ports, the even one for RTP (RFC 3550, 11), locked to the address that the set-up named:
 * whatever comes from elsewhere is dropped and counted. The ports that it named are where to send to; cameras send from
 * others, and the first from which RTP or RTCP comes is the one, until it falls silent. The owner disposes it.
 */
export class UdpPair implements Disposable {
  readonly ports: readonly [number, number];
  /** Datagrams from strangers. */
  strangers = 0;
  /** Datagrams to the peer's RTP port that its machine sent back (ICMP "port unreachable"); see {@link noticeRefusals}. */
  refusals = 0;
  #connected = false;
  #address: string | undefined;
  #source: string | undefined;
  /** Where to send RTP and RTCP to. */
  #ports: [rtp: number | undefined, rtcp: number | undefined] = [undefined, undefined];
  /** From which port, and when, RTP and RTCP came last. */
  readonly #heard: [Sender | undefined, Sender | undefined] = [undefined, undefined];
  #moved = false;
  readonly #options: UdpPairOptions;
  readonly #sockets: readonly [Socket, Socket];

  constructor(sockets: readonly [Socket, Socket], options: UdpPairOptions) {
    this.#sockets = sockets;
    this.#options = options;
    this.ports = [sockets[0].address().port, sockets[1].address().port];
    for (const index of [0, 1] as const) {
      const socket = sockets[index];
      const deliver = index === 0 ? options.onRtp : options.onRtcp;
      socket.on("message", (datagram, from) => {
        if (this.#accepts(index, { ...from, datagram })) deliver(datagram);
        else this.strangers++;
      });
      socket.on("error", () => {}); // ICMP "port unreachable" of a camera that reboots; silence is noticed elsewhere
    }
  }

  /** Says who the peer is; before this everything is dropped. */
  lock(peer: UdpPeer): void {
    this.#address = plain(peer.address);
    this.#source = peer.source && isUnicast(peer.source) ? plain(peer.source) : this.#address;
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

  #accepts(
    index: 0 | 1,
    from: { readonly address: string; readonly port: number; readonly datagram: Uint8Array },
  ): boolean {
    const address = plain(from.address);
    if (this.#address === undefined || (address !== this.#address && address !== this.#source)) return false;
    const nowUs = this.#options.clock.nowUs();
    const heard = this.#heard[index];
    if (heard && heard.port !== from.port && nowUs - heard.atUs < moveAfterUs) return false;
    if ((from.datagram[0] ?? 0) >> 6 !== 2) return heard?.port === from.port;
    if (from.port !== this.#ports[index]) this.#follow(index, { address, port: from.port });
    this.#heard[index] = { port: from.port, atUs: nowUs };
    return true;
  }

  /** What is sent goes where things come from, unless that is another machine than the one that was connected to. */
  #follow(index: 0 | 1, from: { readonly address: string; readonly port: number }): void {
    if (this.#ports[index] !== undefined && !this.#moved) {
      this.#moved = true;
      this.#options.onOtherPort?.();
    }
    if (from.address === this.#address) this.#ports[index] = from.port;
  }
}

interface Sender {
  readonly port: number;
  readonly atUs: number;
}

function isUnicast(address: string): boolean {
  if (isIPv4(address)) return Number(address.split(".")[0]) > 0 && Number(address.split(".")[0]) < 224;
  return isIPv6(address) && !/^ff/i.test(address);
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
