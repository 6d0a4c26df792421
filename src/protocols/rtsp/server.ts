import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { systemClock } from "../../util/clock.ts";
import { WireError } from "../../util/errors.ts";
import { tls } from "../../util/node-tls.ts";
import type { RtspProtocol } from "./client.ts";
import { RtspHeaders } from "./headers.ts";
import { type RtspRequest, serializeFrame, serializeMessage } from "./message.ts";
import { RtspParser } from "./parser.ts";
import { formatTransport, parseTransports, type RtspTransport } from "./transport-header.ts";
import { openUdpPair, type UdpPair } from "./udp.ts";

/** An answer without its CSeq. */
export interface RtspAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
}

/** Options of {@link RtspServer.listen}. */
export interface RtspServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** What SETUP grants; everything else is answered 461. */
  readonly protocols: readonly RtspProtocol[];
  /** Seconds that the `Session` header promises; left out unless given. */
  readonly sessionTimeoutS?: number;
  /** What it calls itself; nothing unless given. */
  readonly name?: string;
  /** Bends what SETUP answers as its transport. */
  readonly onTransport?: (agreed: RtspTransport, control: string) => RtspTransport;
  /** Chooses interleaved channels, whatever was asked for. */
  readonly onChannels?: (asked: readonly [number, number]) => readonly [number, number];
  /** Bends the bytes of the n-th interleaved frame of a connection. */
  readonly onFrame?: (frame: Uint8Array, n: number) => Uint8Array;
  /** Bends the text of an answer. */
  readonly onReply?: (text: string, request: RtspRequest) => string;
  readonly publicMethods?: readonly string[];
  /**
   * Sees every request first (authentication, faults): an answer of its own, "silence" for none at all, or undefined to
   * let the server go on.
   */
  readonly intercept?: (request: RtspRequest, peer: RtspServerPeer) => RtspAnswer | "silence" | undefined;
  /** Answers DESCRIBE. */
  readonly describe: (request: RtspRequest) => RtspAnswer;
  readonly onConnection?: (peer: RtspServerPeer) => void;
  /** PLAY or RECORD was granted. */
  readonly onPlay?: (peer: RtspServerPeer, request: RtspRequest) => void;
  /** RTP that a client sends, by the last part of the medium's control URI. */
  readonly onRtp?: (packet: Uint8Array, control: string, peer: RtspServerPeer) => void;
  readonly onRtcp?: (packet: Uint8Array, control: string, peer: RtspServerPeer) => void;
  readonly onTeardown?: (peer: RtspServerPeer, request: RtspRequest) => void;
  /** Awaited before TEARDOWN is granted, at each: a device that lets go slowly. */
  readonly beforeTeardown?: () => Promise<void> | undefined;
  /** The client's answer to a request of the server's own. */
  readonly onAnswer?: (status: number, peer: RtspServerPeer) => void;
  readonly onGone?: (peer: RtspServerPeer) => void;
}

/** One RTSP client at our server, with at most one session. */
export interface RtspServerPeer {
  /** Controls that were set up. */
  readonly controls: ReadonlySet<string>;
  sendRtp(control: string, packet: Uint8Array): void;
  sendRtcp(control: string, packet: Uint8Array): void;
  /** Sends a request of the server's own. */
  request(method: string, uri: string): void;
  /** Sends bytes as they are. */
  raw(bytes: Uint8Array): void;
  /** Breaks the connection. */
  drop(): void;
  /** Takes no more bytes from the connection. */
  stopReading(): void;
}

/**
 * A small RTSP 1.0 server for fakes: one session per connection, media by TCP or UDP. What it serves and how it
 * misbehaves is up to its options.
 */
export class RtspServer implements AsyncDisposable {
  readonly #peers = new Set<Peer>();
  readonly #server: Server;

  /** Starts a server. Its owner disposes it. */
  static async listen(options: RtspServerOptions): Promise<RtspServer> {
    const server = new RtspServer(options);
    server.#server.listen({ port: options.port ?? 0, host: options.host ?? "127.0.0.1" });
    await once(server.#server, "listening");
    return server;
  }

  private constructor(options: RtspServerOptions) {
    // A client may end its side before TEARDOWN is answered. Not with TLS: who leaves in the handshake would never be let go of.
    this.#server = options.tls ? tls().createServer(options.tls) : createTcpServer({ allowHalfOpen: true });
    this.#server.on(options.tls ? "secureConnection" : "connection", (socket: Socket) => {
      const peer = new Peer(socket, options);
      this.#peers.add(peer);
      options.onConnection?.(peer);
      socket.on("close", () => {
        this.#peers.delete(peer);
        peer.gone();
      });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Clients that are connected now. */
  get peers(): readonly RtspServerPeer[] {
    return [...this.#peers];
  }

  /** Breaks every connection and opens the port no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const peer of this.#peers) peer.drop();
    await closed;
  }
}

interface Outlet {
  readonly rtp: (packet: Uint8Array) => void;
  readonly rtcp: (packet: Uint8Array) => void;
}

class Peer implements RtspServerPeer {
  #outlets = new Map<string, Outlet>();
  #inlets = new Map<number, (packet: Uint8Array) => void>();
  #pairs: UdpPair[] = [];
  #cseq = 1000;
  #frames = 0;
  #leaving: Promise<void> | undefined;
  readonly #session = randomBytes(8).toString("hex");
  readonly #parser = new RtspParser();
  readonly #socket: Socket;
  readonly #options: RtspServerOptions;

  constructor(socket: Socket, options: RtspServerOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.setNoDelay(true);
    socket.on("error", () => {}); // "close" follows
    socket.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    socket.on("end", () => {
      const end = () => socket.end();
      if (this.#leaving) this.#leaving.then(end, end);
      else end();
    });
  }

  get controls(): ReadonlySet<string> {
    return new Set(this.#outlets.keys());
  }

  sendRtp(control: string, packet: Uint8Array): void {
    this.#outlets.get(control)?.rtp(packet);
  }

  sendRtcp(control: string, packet: Uint8Array): void {
    this.#outlets.get(control)?.rtcp(packet);
  }

  request(method: string, uri: string): void {
    const headers = new RtspHeaders({ CSeq: this.#cseq++, Session: this.#session });
    this.raw(serializeMessage({ method, uri, headers }));
  }

  raw(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  drop(): void {
    this.#socket.destroy();
  }

  stopReading(): void {
    this.#socket.pause();
  }

  gone(): void {
    this.#outlets.clear();
    for (const pair of this.#pairs.splice(0)) pair[Symbol.dispose]();
    this.#options.onGone?.(this);
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const message of this.#parser.push(chunk)) {
        if (message.kind === "frame") this.#inlets.get(message.channel)?.(message.payload);
        else if (message.kind === "request") this.#serve(message);
        else if (message.kind === "response") this.#options.onAnswer?.(message.status, this);
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.drop();
    }
  }

  #serve(request: RtspRequest): void {
    const own = this.#options.intercept?.(request, this);
    if (own === "silence") return;
    if (own) this.#answer(request, own);
    else if (request.method === "SETUP") {
      this.#setup(request).then(
        (answer) => this.#answer(request, answer),
        () => this.#answer(request, { status: 400 }),
      );
    } else if (request.method === "TEARDOWN") this.#tearDown(request);
    else this.#grant(request);
  }

  #tearDown(request: RtspRequest): void {
    this.#leaving = this.#options.beforeTeardown?.()?.then(() => this.#grant(request));
    if (!this.#leaving) this.#grant(request);
  }

  #grant(request: RtspRequest): void {
    this.#answer(request, this.#decide(request));
    if (request.method === "PLAY" || request.method === "RECORD") this.#options.onPlay?.(this, request);
  }

  #decide(request: RtspRequest): RtspAnswer {
    const Session = this.#session;
    switch (request.method) {
      case "OPTIONS":
        return { status: 200, headers: { Public: (this.#options.publicMethods ?? publicMethods).join(", ") } };
      case "DESCRIBE":
        return this.#options.describe(request);
      case "PLAY":
      case "RECORD":
      case "GET_PARAMETER":
      case "SET_PARAMETER":
        return { status: this.#outlets.size > 0 ? 200 : 455, headers: { Session } };
      case "TEARDOWN":
        this.#outlets.clear();
        this.#options.onTeardown?.(this, request);
        return { status: 200, headers: { Session } };
      default:
        return { status: 501 };
    }
  }

  async #setup(request: RtspRequest): Promise<RtspAnswer> {
    const wanted = parseTransports(request.headers.get("Transport") ?? "").find((transport) =>
      this.#options.protocols.includes(transport.protocol),
    );
    if (!wanted) return { status: 461 };
    const control = request.uri.slice(request.uri.lastIndexOf("/") + 1);
    const agreed = wanted.protocol === "tcp" ? this.#setupTcp(wanted, control) : await this.#setupUdp(wanted, control);
    const seconds = this.#options.sessionTimeoutS;
    const session = seconds === undefined ? this.#session : `${this.#session};timeout=${seconds}`;
    const told = this.#options.onTransport?.(agreed, control) ?? agreed;
    return { status: 200, headers: { Session: session, Transport: formatTransport(told) } };
  }

  #setupTcp(wanted: RtspTransport, control: string): RtspTransport {
    const asked = wanted.interleaved ?? [this.#outlets.size * 2, this.#outlets.size * 2 + 1];
    const [rtp, rtcp] = this.#options.onChannels?.([asked[0], asked[1]]) ?? asked;
    this.#inlets.set(rtp, (packet) => this.#options.onRtp?.(packet, control, this));
    this.#inlets.set(rtcp, (packet) => this.#options.onRtcp?.(packet, control, this));
    this.#outlets.set(control, {
      rtp: (packet) => this.#sendFrame(rtp, packet),
      rtcp: (packet) => this.#sendFrame(rtcp, packet),
    });
    return { protocol: "tcp", interleaved: [rtp, rtcp] };
  }

  #sendFrame(channel: number, packet: Uint8Array): void {
    const frame = serializeFrame(channel, packet);
    this.raw(this.#options.onFrame?.(frame, this.#frames++) ?? frame);
  }

  async #setupUdp(wanted: RtspTransport, control: string): Promise<RtspTransport> {
    const remoteAddress = this.#socket.remoteAddress ?? "127.0.0.1";
    const pair = await openUdpPair({
      remoteAddress,
      clock: systemClock,
      localAddress: this.#socket.localAddress,
      onRtp: (packet) => this.#options.onRtp?.(packet, control, this),
      onRtcp: (packet) => this.#options.onRtcp?.(packet, control, this),
    });
    pair.lock({ address: remoteAddress, ports: wanted.clientPorts });
    if (this.#socket.destroyed) pair[Symbol.dispose]();
    else this.#pairs.push(pair);
    this.#outlets.set(control, { rtp: (packet) => pair.sendRtp(packet), rtcp: (packet) => pair.sendRtcp(packet) });
    return { protocol: "udp", clientPorts: wanted.clientPorts, serverPorts: pair.ports };
  }

  #answer(request: RtspRequest, answer: RtspAnswer): void {
    const headers = new RtspHeaders({
      CSeq: request.headers.get("CSeq"),
      Server: this.#options.name,
      ...answer.headers,
    });
    const body = answer.body === undefined ? undefined : Buffer.from(answer.body, "utf8");
    const bytes = serializeMessage({ status: answer.status, headers, body });
    const { onReply } = this.#options;
    this.raw(onReply ? Buffer.from(onReply(Buffer.from(bytes).toString("latin1"), request), "latin1") : bytes);
  }
}

const publicMethods = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN", "GET_PARAMETER"];
