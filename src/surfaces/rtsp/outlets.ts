import type { Socket } from "node:net";
import { isRtcp } from "../../protocols/rtp/rtcp.ts";
import type { RtspTransport } from "../../protocols/rtsp/transport-header.ts";
import { openUdpPair, type UdpPair } from "../../protocols/rtsp/udp.ts";
import type { Clock } from "../../util/clock.ts";
import { Interleaved } from "./interleaved.ts";
import type { Outlet, OutletListener } from "./session.ts";

/** An outlet, and how the client is told of it. */
export interface OpenedOutlet {
  readonly outlet: Outlet;
  readonly transport: RtspTransport;
}

/** Options of {@link Outlets}. */
export interface OutletsOptions {
  readonly socket: Socket;
  readonly clock: Clock;
  /** Whether media may leave as datagrams, which nothing encrypts. */
  readonly udp: boolean;
}

/** Where the media of one client leave and come in: on its connection, or by UDP to the address from which it connected. */
export class Outlets {
  readonly interleaved: Interleaved;
  readonly #channels = new Map<number, (packet: Uint8Array) => void>();
  readonly #options: OutletsOptions;

  constructor(options: OutletsOptions) {
    this.#options = options;
    this.interleaved = new Interleaved(options.socket);
  }

  /** A packet came on the connection. */
  receive(channel: number, packet: Uint8Array): void {
    this.#channels.get(channel)?.(packet);
  }

  /** Undefined for a transport that cannot be had here. Throws RecoverableError `no-port`. */
  async open(wanted: RtspTransport): Promise<OpenedOutlet | undefined> {
    if (wanted.protocol === "tcp") return this.#interleave(wanted);
    return this.#options.udp && wanted.clientPorts ? await this.#datagrams(wanted.clientPorts) : undefined;
  }

  /** The channels that the client asks for, unless they are taken. */
  #interleave({ interleaved: asked }: RtspTransport): OpenedOutlet | undefined {
    const free = asked && !asked.some((channel) => this.#channels.has(channel)) ? asked : this.#freeChannels();
    if (!free) return undefined;
    const [rtp, rtcp] = free;
    let listener: OutletListener | undefined;
    this.#channels.set(rtp, (packet) => listener?.onRtp(packet));
    this.#channels.set(rtcp, (packet) => listener?.onRtcp(packet));
    return {
      transport: { protocol: "tcp", interleaved: [rtp, rtcp] },
      outlet: {
        sink: this.interleaved.sinks(rtp, rtcp),
        listen: (next) => {
          listener = next;
        },
        [Symbol.dispose]: () => {
          this.#channels.delete(rtp);
          this.#channels.delete(rtcp);
        },
      },
    };
  }

  #freeChannels(): readonly [number, number] | undefined {
    for (let channel = 0; channel < 256; channel += 2) {
      if (!this.#channels.has(channel) && !this.#channels.has(channel + 1)) return [channel, channel + 1];
    }
    return undefined;
  }

  /** To nobody but who connected: a stream is never aimed at others. */
  async #datagrams(clientPorts: readonly [number, number]): Promise<OpenedOutlet> {
    const { socket, clock } = this.#options;
    let listener: OutletListener | undefined;
    const address = plain(socket.remoteAddress ?? "");
    const pair = await openUdpPair({
      remoteAddress: address,
      localAddress: plain(socket.localAddress ?? ""),
      clock,
      onRtp: (packet) => listener?.onRtp(packet),
      onRtcp: (packet) => listener?.onRtcp(packet),
    });
    pair.lock({ address, ports: clientPorts });
    return {
      transport: { protocol: "udp", clientPorts, serverPorts: pair.ports },
      outlet: {
        sink: { sendMessageBinary: (packet) => send(pair, packet) },
        listen: (next) => {
          listener = next;
        },
        [Symbol.dispose]: () => pair[Symbol.dispose](),
      },
    };
  }
}

/** A copy: the header is the next client's before a datagram has left. */
function send(pair: UdpPair, packet: Uint8Array): boolean {
  const own = Buffer.from(packet);
  return isRtcp(packet) ? pair.sendRtcp(own) : pair.sendRtp(own);
}

/** A dual-stack socket shows IPv4 addresses as `::ffff:1.2.3.4`. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
}
