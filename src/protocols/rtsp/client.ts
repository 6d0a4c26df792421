import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import { type DoorwardError, messageOf, RecoverableError, WireError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { version } from "../../util/version.ts";
import type { QuirkCode } from "../rtp/quirks.ts";
import { parseSdp, type SessionDescription } from "../sdp/index.ts";
import { controlBase, type RtspAddress, resolveControl } from "./address.ts";
import { RtspAuthenticator } from "./authenticator.ts";
import { RtspConnection } from "./connection.ts";
import { refusal } from "./failure.ts";
import { type KeepAliveMethod, keepAlive } from "./keep-alive.ts";
import type { RtspNoise, RtspResponse } from "./message.ts";
import { formatTransport, parseTransports, type RtspTransport } from "./transport-header.ts";
import { openUdpPair } from "./udp.ts";

/** How media travels: on the RTSP connection itself, or by datagrams of its own. */
export type RtspProtocol = "tcp" | "udp";

/** Sees what goes over a connection, both ways, as it is. */
export interface RtspTap {
  readonly connected: () => void;
  readonly sent: (bytes: Uint8Array) => void;
  readonly received: (bytes: Uint8Array) => void;
  /** A datagram of the n-th medium that was set up. */
  readonly datagram: (bytes: Uint8Array, from: { readonly medium: number; readonly rtcp: boolean }) => void;
}

/** Feature tag of the ONVIF back channel (ONVIF Streaming Specification, 5.3). */
export const backchannelTag = "www.onvif.org/ver20/backchannel";

/** More sound than this, bytes, waiting for a server that does not read would be heard seconds late. */
const maxUnsentSpeechBytes = 32 * 1024;

const userAgent = `Doorward/${version}`;

/** Options of {@link RtspClient.open}. */
export interface RtspClientOptions {
  readonly address: RtspAddress;
  readonly clock: Clock;
  readonly log: Log;
  /** SHA-256 fingerprint of a self-signed certificate to accept. */
  readonly tlsFingerprint?: string;
  /** What is known of the log-in, to be kept from one connection to the next; an own one by default. */
  readonly authenticator?: RtspAuthenticator;
  /** How this server lets itself be asked whether the session lives, if that is known. */
  readonly keepAlive?: KeepAliveMethod;
  /** Called with the way that works, when it is not the first one. */
  readonly onKeepAlive?: (method: KeepAliveMethod) => void;
  /** Called with what the server does against the standard. */
  readonly onQuirk?: (quirk: QuirkCode) => void;
  /** Called when bytes that belong to nothing were passed over. */
  readonly onNoise?: (noise: RtspNoise) => void;
  /** Sees all that goes over the connection, for a report. */
  readonly tap?: RtspTap;
  /** Ends requests that are under way; TEARDOWN still goes out when the client is disposed. */
  readonly signal: AbortSignal;
}

/** What the server has to offer. */
export interface RtspDescription {
  readonly sdp: SessionDescription;
  /** What relative controls of the media refer to. */
  readonly base: string;
}

/** Options of {@link RtspClient.setup}. */
export interface RtspSetupOptions {
  readonly protocol: RtspProtocol;
  readonly onRtp: (packet: Uint8Array) => void;
  readonly onRtcp: (packet: Uint8Array) => void;
  /** Value of `Require`. */
  readonly require?: string;
  /** Its description has the profile with early feedback (AVPF). */
  readonly feedback?: boolean;
  /** The medium goes towards the server, which must not take a packet that only opens a firewall for the stream. */
  readonly outgoing?: boolean;
}

/** One medium that was set up. Ends with its client. */
export interface RtspStream {
  readonly protocol: RtspProtocol;
  /** Synchronisation source that the server announced. */
  readonly ssrc: number | undefined;
  /** False while nobody knows where datagrams to the server have to go. */
  readonly reachable: boolean;
  /** Datagrams that the server's machine sent back, because nobody listens at that port. */
  readonly refusals: number;
  /** False when the packet was thrown away because the server does not take it. */
  sendRtp(packet: Uint8Array): boolean;
  sendRtcp(packet: Uint8Array): boolean;
}

/**
 * RTSP 1.0 client (RFC 2326) for one session on one connection: OPTIONS, DESCRIBE, SETUP, PLAY, keep-alive by the
 * server's own time-out, TEARDOWN when disposed. Its methods throw RecoverableError, FatalError or AbortError.
 */
export class RtspClient implements AsyncDisposable {
  #connection!: RtspConnection;
  #session: string | undefined;
  #timeoutMs = 60_000;
  #publicMethods = new Set<string>();
  #require: string | undefined;
  #server: string | undefined;
  #aggregateUri: string;
  /** Who takes the packets of each interleaved channel; more than one where the server gave two media the same. */
  readonly #channels = new Map<number, ((packet: Uint8Array) => void)[]>();
  #nextChannel = 0;
  readonly #pairs = new DisposableStack();
  #media = 0;
  /** The connection ended where the answer to a challenge has to go out. */
  #hungUp = false;
  readonly #life = new AbortController();
  readonly #signal: AbortSignal;
  readonly #auth: RtspAuthenticator;
  readonly #options: RtspClientOptions;

  /** Connects and asks for the server's methods. */
  static async open(options: RtspClientOptions): Promise<RtspClient> {
    const client = new RtspClient(options);
    await client.#connect();
    try {
      await client.#askMethods();
      return client;
    } catch (error) {
      client.#connection[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(options: RtspClientOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#life.signal]);
    this.#aggregateUri = options.address.uri;
    this.#auth = options.authenticator ?? new RtspAuthenticator(options.address.credentials, options.address.name);
  }

  /** Resolves when the connection is over, with the reason. */
  get lost(): Promise<DoorwardError> {
    return this.#connection.closed;
  }

  /** The server's address as the socket knows it. */
  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  async #connect(): Promise<void> {
    this.#auth.reconnected();
    const { address, signal, onNoise } = this.#options;
    this.#connection = await RtspConnection.open(address, {
      ...this.#options,
      signal,
      isChannel: (channel) => this.#channels.size === 0 || this.#channels.has(channel),
      onFrame: (channel, payload) => {
        const takers = this.#channels.get(channel);
        if (takers) for (const take of takers) take(payload);
      },
      onNoise: (noise) => {
        this.#options.onQuirk?.("noise");
        onNoise?.(noise);
      },
    });
  }

  /** What the server calls itself, if it does. */
  get server(): string | undefined {
    return this.#server;
  }

  /** Asks for a sign of life; false when none comes in time or the connection is over. Throws AbortError. */
  async answers(): Promise<boolean> {
    try {
      await this.#request("OPTIONS", this.#aggregateUri);
      return true;
    } catch (error) {
      if (error instanceof RecoverableError) return false;
      throw error;
    }
  }

  /** Asks for the session description. `require` is the value of `Require`. */
  async describe(options: { readonly require?: string } = {}): Promise<RtspDescription> {
    const { uri, name } = this.#options.address;
    const response = await this.#request("DESCRIBE", uri, { Accept: "application/sdp", Require: options.require });
    this.#expectSuccess(response, "DESCRIBE");
    try {
      const sdp = parseSdp(new TextDecoder().decode(response.body));
      const base = controlBase(response.headers, uri);
      this.#aggregateUri = resolveControl(sdp.control, base);
      return { sdp, base };
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      throw new RecoverableError(`${name} describes its stream in a way that cannot be read: ${messageOf(error)}`, {
        code: "bad-description",
        cause: error,
      });
    }
  }

  /** Sets one medium up, by its control URI. Throws RecoverableError `transport-refused` for 461. */
  async setup(uri: string, options: RtspSetupOptions): Promise<RtspStream> {
    this.#require ??= options.require;
    return options.protocol === "tcp" ? await this.#setupTcp(uri, options) : await this.#setupUdp(uri, options);
  }

  /** Sets one medium up by the first of some protocols that the server does not refuse (461). */
  async setupFirst(
    uri: string,
    options: Omit<RtspSetupOptions, "protocol"> & {
      readonly protocols: readonly RtspProtocol[];
      /** Called with what is being tried. */
      readonly onProtocol?: (protocol: RtspProtocol) => void;
    },
  ): Promise<RtspStream> {
    const last = options.protocols.at(-1);
    for (const protocol of options.protocols) {
      try {
        options.onProtocol?.(protocol);
        return await this.setup(uri, { ...options, protocol });
      } catch (error) {
        const refused = error instanceof RecoverableError && error.code === "transport-refused";
        if (!refused || protocol === last) throw error;
      }
    }
    throw new RecoverableError("no transport is left to try", { code: "transport-refused" });
  }

  /** Starts the media; from now on the session is kept alive. RECORD is what some firmwares want for a back channel. */
  async start(method: "PLAY" | "RECORD" = "PLAY"): Promise<void> {
    // No Range: servers with a back channel refuse to seek (GStreamer 1.22 answers 503), and live media has no position.
    const headers = { Require: this.#require };
    this.#expectSuccess(await this.#request(method, this.#aggregateUri, headers), method);
    this.#keepAlive();
  }

  #keepAlive(): void {
    const { clock, log, onQuirk, onKeepAlive } = this.#options;
    const known = this.#options.keepAlive;
    const asking = keepAlive({
      clock,
      log,
      timeoutMs: this.#timeoutMs,
      methods: known ? [known] : this.#publicMethods.has("GET_PARAMETER") ? ["GET_PARAMETER", "OPTIONS"] : ["OPTIONS"],
      ask: (method) => this.#request(method, this.#aggregateUri),
      lost: this.lost,
      onQuirk: (quirk) => onQuirk?.(quirk),
      onMethod: (method) => onKeepAlive?.(method),
      signal: this.#life.signal,
    });
    background(asking, (error) => log.error({ err: error }, "keep-alive failed"));
  }

  /** Ends the session and the connection, within a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort();
    this.#pairs.dispose();
    if (this.#session !== undefined) await this.#teardown(this.#session);
    this.#connection[Symbol.dispose]();
  }

  async #teardown(session: string): Promise<void> {
    const uri = this.#aggregateUri;
    const headers = {
      Session: session,
      Authorization: this.#auth.header("TEARDOWN", uri),
      "User-Agent": userAgent,
      Require: this.#require,
    };
    const answer = this.#connection.request({ method: "TEARDOWN", uri, headers, timeoutMs: 1000 }).catch(() => {});
    this.#connection.end();
    await Promise.race([answer, this.#connection.closed]);
  }

  async #askMethods(): Promise<void> {
    const response = await this.#request("OPTIONS", this.#options.address.uri);
    for (const value of response.headers.all("Public")) {
      for (const method of value.split(",")) this.#publicMethods.add(method.trim().toUpperCase());
    }
  }

  async #setupTcp(uri: string, sinks: RtspSetupOptions): Promise<RtspStream> {
    const first = this.#freeChannels();
    const { feedback = false } = sinks;
    const wanted: RtspTransport = { protocol: "tcp", feedback, interleaved: [first, first + 1] };
    const agreed = await this.#setup(uri, { wanted, require: sinks.require });
    const [rtp, rtcp] = agreed.interleaved ?? [first, first + 1];
    if (this.#channels.has(rtp)) this.#options.onQuirk?.("shared-channel");
    this.#channels.set(rtp, [...(this.#channels.get(rtp) ?? []), sinks.onRtp]);
    this.#channels.set(rtcp, [...(this.#channels.get(rtcp) ?? []), sinks.onRtcp]);
    const maxUnsentBytes = sinks.outgoing ? maxUnsentSpeechBytes : undefined;
    return {
      protocol: "tcp",
      ssrc: agreed.ssrc,
      reachable: true,
      refusals: 0,
      sendRtp: (packet) => this.#connection.sendFrame(rtp, packet, maxUnsentBytes),
      sendRtcp: (packet) => this.#connection.sendFrame(rtcp, packet),
    };
  }

  /** The first pair of channels that is not in use and was not asked for: a server may have chosen others. */
  #freeChannels(): number {
    while (this.#channels.has(this.#nextChannel) || this.#channels.has(this.#nextChannel + 1)) this.#nextChannel += 2;
    const first = this.#nextChannel;
    this.#nextChannel += 2;
    return first;
  }

  async #setupUdp(uri: string, sinks: RtspSetupOptions): Promise<RtspStream> {
    const { remoteAddress } = this.#connection;
    using opened = new DisposableStack();
    const onOtherPort = () => this.#options.onQuirk?.("udp-port");
    const { clock } = this.#options;
    const medium = this.#media++;
    const onRtp = (bytes: Uint8Array) => {
      this.#options.tap?.datagram(bytes, { medium, rtcp: false });
      sinks.onRtp(bytes);
    };
    const onRtcp = (bytes: Uint8Array) => {
      this.#options.tap?.datagram(bytes, { medium, rtcp: true });
      sinks.onRtcp(bytes);
    };
    const pair = opened.use(await openUdpPair({ remoteAddress, clock, onRtp, onRtcp, onOtherPort }));
    const agreed = await this.#setup(uri, {
      wanted: { protocol: "udp", feedback: sinks.feedback ?? false, clientPorts: pair.ports },
      require: sinks.require,
    });
    pair.lock({ address: remoteAddress, ports: agreed.serverPorts, source: agreed.source });
    this.#pairs.use(opened.move());
    if (sinks.outgoing) pair.noticeRefusals();
    else {
      pair.sendRtp(punchRtp);
      pair.sendRtcp(punchRtcp);
    }
    return {
      protocol: "udp",
      ssrc: agreed.ssrc,
      get reachable() {
        return pair.reachable;
      },
      get refusals() {
        return pair.refusals;
      },
      sendRtp: (packet) => pair.sendRtp(packet),
      sendRtcp: (packet) => pair.sendRtcp(packet),
    };
  }

  async #setup(
    uri: string,
    options: { readonly wanted: RtspTransport; readonly require: string | undefined },
  ): Promise<RtspTransport> {
    const headers = { Transport: formatTransport(options.wanted), Require: options.require };
    const response = await this.#request("SETUP", uri, headers);
    this.#expectSuccess(response, "SETUP");
    this.#readSession(response);
    const agreed = parseTransports(response.headers.get("Transport") ?? "")[0];
    if (agreed && agreed.protocol !== options.wanted.protocol) {
      throw new RecoverableError(
        `${this.#options.address.name} agrees to ${agreed.protocol}, which was not asked for`,
        {
          code: "transport-refused",
        },
      );
    }
    return agreed ?? options.wanted;
  }

  #readSession(response: RtspResponse): void {
    const [id, ...parameters] = (response.headers.get("Session") ?? "").split(";");
    if (id?.trim()) this.#session ??= id.trim();
    for (const parameter of parameters) {
      const seconds = /^\s*timeout\s*=\s*(\d{1,6})/i.exec(parameter)?.[1];
      if (seconds !== undefined && Number(seconds) > 0) this.#timeoutMs = Number(seconds) * 1000;
    }
  }

  async #request(
    method: string,
    uri: string,
    headers: Readonly<Record<string, string | undefined>> = {},
  ): Promise<RtspResponse> {
    for (let tries = 1; ; tries++) {
      if (this.#hungUp && this.#session === undefined) await this.#connect();
      this.#hungUp = false;
      const authorization = this.#auth.header(method, uri);
      const response = await this.#connection
        .request({
          method,
          uri,
          headers: { ...headers, Session: this.#session, Authorization: authorization, "User-Agent": userAgent },
          signal: this.#signal,
        })
        .catch((error: unknown) => this.#answerAgain(error, { tries, asked: authorization !== undefined }));
      if (!response) continue;
      this.#server ??= response.headers.get("Server");
      if (this.#auth.judge(response, { authorized: authorization !== undefined, tries }) === "accept") return response;
    }
  }

  /** A server that hangs up after it asked for the password: the answer goes out on a new connection. */
  #answerAgain(error: unknown, request: { readonly tries: number; readonly asked: boolean }): undefined {
    const hungUp = error instanceof RecoverableError && error.code === "connection-lost" && !this.#signal.aborted;
    if (!hungUp || !request.asked || request.tries !== 2 || this.#session !== undefined) throw error;
    this.#hungUp = true;
    this.#options.onQuirk?.("hang-up-after-401");
    return undefined;
  }

  #expectSuccess(response: RtspResponse, method: string): void {
    if (response.status >= 200 && response.status < 300) return;
    throw refusal(response, { method, peer: this.#options.address.name });
  }
}

/** What opens a firewall's or router's way back: an empty RTP packet and an empty receiver report (RFC 3550). */
const punchRtp = Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const punchRtcp = Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 0);
