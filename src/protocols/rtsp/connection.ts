import { once } from "node:events";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../../util/clock.ts";
import { type DoorwardError, FatalError, messageOf, RecoverableError, WireError } from "../../util/errors.ts";
import { tls } from "../../util/node-tls.ts";
import { until } from "../../util/until.ts";
import type { QuirkCode } from "../rtp/quirks.ts";
import type { RtspAddress } from "./address.ts";
import { connectionFailure } from "./failure.ts";
import { RtspHeaders } from "./headers.ts";
import { Inbox } from "./inbox.ts";
import { type RtspNoise, type RtspRequest, type RtspResponse, serializeFrame, serializeMessage } from "./message.ts";
import { RtspParser } from "./parser.ts";

/** Options of {@link RtspConnection.open}. */
export interface RtspConnectionOptions {
  readonly clock: Clock;
  /** SHA-256 fingerprint of the certificate to accept instead of one that an authority signed; hex, colons optional. */
  readonly tlsFingerprint?: string;
  /** Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** Called for each interleaved frame; `payload` is valid until it returns: its memory is used again. */
  readonly onFrame: (channel: number, payload: Uint8Array) => void;
  /** Which interleaved channels were agreed on, once they are; others are noise where the stream is in doubt. */
  readonly isChannel?: (channel: number) => boolean;
  /** Called when bytes that belong to nothing were passed over. */
  readonly onNoise?: (noise: RtspNoise) => void;
  /** Called with what the server does against the standard. */
  readonly onQuirk?: (quirk: QuirkCode) => void;
  /** Sees all that goes over the connection. */
  readonly tap?: {
    readonly connected: () => void;
    readonly sent: (bytes: Uint8Array) => void;
    readonly received: (bytes: Uint8Array) => void;
  };
  /** Ends the attempt to connect; afterwards the owner disposes the connection. */
  readonly signal: AbortSignal;
}

/** One request on its way. */
export interface OutgoingRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

interface Pending {
  readonly resolve: (response: RtspResponse) => void;
  readonly reject: (error: Error) => void;
}

/** More than this waiting in the socket, bytes, and live sound is thrown away instead. */
const maxUnsentBytes = 256 * 1024;
/** How long an answer that looks like a repeat is held back: servers that number their answers rightly are faster. */
const repeatMs = 300;

/**
 * One TCP or TLS connection to an RTSP server: requests matched to responses by CSeq, interleaved frames both ways, the
 * server's own requests answered. Knows nothing of sessions. The owner disposes it; `closed` says how it ended.
 */
export class RtspConnection implements Disposable {
  /** Resolves when the connection is over, with the reason. */
  readonly closed: Promise<DoorwardError>;
  /** The peer's address as the socket knows it. */
  readonly remoteAddress: string;
  #cseq = 0;
  #pending = new Map<number, Pending>();
  #numbersLie = false;
  #finish: (error: DoorwardError) => void = () => {};
  readonly #parser: RtspParser;
  readonly #socket: Socket;
  readonly #address: RtspAddress;
  readonly #options: RtspConnectionOptions;

  /** Connects. Throws RecoverableError, FatalError for an untrusted certificate, AbortError. */
  static async open(address: RtspAddress, options: RtspConnectionOptions): Promise<RtspConnection> {
    options.signal.throwIfAborted();
    const inbox = new Inbox();
    const place = { host: address.host, port: address.port, onread: inbox.onread };
    const socket = address.tls
      ? tls().connect({
          ...place,
          servername: isIP(address.host) ? undefined : address.host,
          rejectUnauthorized: false,
        })
      : connectTcp(place);
    const timeout = Object.assign(new Error("connect timeout"), { code: "ETIMEDOUT" });
    using _timer = options.clock.timer(options.connectTimeoutMs ?? 5000, () => socket.destroy(timeout));
    try {
      await once(socket, address.tls ? "secureConnect" : "connect", { signal: options.signal });
      if (address.tls) checkCertificate(socket as TLSSocket, { peer: address.name, wanted: options.tlsFingerprint });
    } catch (error) {
      socket.on("error", () => {});
      socket.destroy();
      if (options.signal.aborted || error instanceof FatalError) throw error;
      throw connectionFailure(error as Error, address.name);
    }
    return new RtspConnection(socket, { address, options, inbox });
  }

  private constructor(
    socket: Socket,
    made: { readonly address: RtspAddress; readonly options: RtspConnectionOptions; readonly inbox: Inbox },
  ) {
    this.#socket = socket;
    this.#address = made.address;
    this.#options = made.options;
    this.#parser = new RtspParser({ ...made.options, borrows: true });
    this.remoteAddress = socket.remoteAddress ?? made.address.host;
    this.closed = new Promise((resolve) => {
      this.#finish = resolve;
    });
    socket.setNoDelay(true);
    made.options.tap?.connected();
    socket.on("error", (error) => this.#end(connectionFailure(error, made.address.name)));
    socket.on("close", () =>
      this.#end(new RecoverableError(`${made.address.name} closed the connection`, { code: "connection-lost" })),
    );
    made.inbox.open((chunk) => this.#receive(chunk));
  }

  /** Sends a request and waits for its response, whatever its status. Throws RecoverableError, AbortError. */
  async request(request: OutgoingRequest): Promise<RtspResponse> {
    request.signal?.throwIfAborted();
    if (this.#socket.destroyed) throw await this.closed;
    const cseq = ++this.#cseq;
    const headers = new RtspHeaders({ CSeq: cseq, ...request.headers });
    const { promise, resolve, reject } = Promise.withResolvers<RtspResponse>();
    const error = () =>
      new RecoverableError(`${this.#address.name} does not answer ${request.method}`, { code: "no-answer" });
    const within = { ms: request.timeoutMs ?? 5000, clock: this.#options.clock, error };
    try {
      this.#pending.set(cseq, { resolve, reject });
      const bytes = serializeMessage({ method: request.method, uri: request.uri, headers });
      this.#options.tap?.sent(bytes);
      this.#socket.write(bytes);
      return await until(promise, { signal: request.signal, within });
    } finally {
      this.#pending.delete(cseq);
    }
  }

  /** Sends one interleaved frame; false when it was thrown away because the peer does not read. */
  sendFrame(channel: number, payload: Uint8Array, maxUnsent = maxUnsentBytes): boolean {
    if (this.#socket.destroyed || this.#socket.writableLength > maxUnsent) return false;
    this.#socket.write(serializeFrame(channel, payload));
    return true;
  }

  /** Sends what is queued and the end of the stream; the peer's answer is `closed`. */
  end(): void {
    this.#socket.end();
  }

  [Symbol.dispose](): void {
    this.#end(new RecoverableError(`the connection to ${this.#address.name} was let go`, { code: "connection-lost" }));
  }

  #receive(chunk: Uint8Array): void {
    this.#options.tap?.received(new Uint8Array(chunk));
    try {
      for (const message of this.#parser.push(chunk)) {
        if (message.kind === "frame") this.#options.onFrame(message.channel, message.payload);
        else if (message.kind === "response") this.#match(message);
        else if (message.kind === "noise") this.#options.onNoise?.(message);
        else this.#answer(message);
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      const sentence = `${this.#address.name} does not speak RTSP: ${messageOf(error)}`;
      this.#end(new RecoverableError(sentence, { code: "bad-protocol", cause: error }));
    }
  }

  /**
   * A response answers the request of its CSeq, and without one the oldest. With a number that nobody waits for it may be
   * a repeat, or come from a camera that numbers as it likes: it counts when nothing better comes.
   */
  #match(response: RtspResponse): void {
    const cseq = Number.parseInt(response.headers.get("CSeq") ?? "", 10);
    const [oldest] = this.#pending.keys();
    if (oldest === undefined) return;
    if (this.#pending.has(cseq)) this.#resolve(cseq, response);
    else if (this.#numbersLie || !response.headers.has("CSeq")) this.#resolve(oldest, response);
    else this.#waitForBetter(oldest, response);
  }

  #waitForBetter(cseq: number, response: RtspResponse): void {
    this.#options.clock.timer(repeatMs, () => {
      if (!this.#pending.has(cseq)) return;
      this.#numbersLie = true;
      this.#options.onQuirk?.("numbering");
      this.#resolve(cseq, response);
    });
  }

  #resolve(cseq: number, response: RtspResponse): void {
    this.#pending.get(cseq)?.resolve(response);
    this.#pending.delete(cseq);
  }

  /** The server may ask whether we live (OPTIONS, GET_PARAMETER); everything else is not for a player. */
  #answer(request: RtspRequest): void {
    const alive = ["OPTIONS", "GET_PARAMETER", "SET_PARAMETER"].includes(request.method);
    const headers = new RtspHeaders({ CSeq: request.headers.get("CSeq"), Session: request.headers.get("Session") });
    if (request.method === "OPTIONS") headers.add("Public", "OPTIONS, GET_PARAMETER, SET_PARAMETER");
    this.#socket.write(serializeMessage({ status: alive ? 200 : 501, headers }));
  }

  #end(error: DoorwardError): void {
    this.#socket.destroy();
    this.#finish(error);
    for (const { reject } of this.#pending.values()) reject(error);
  }
}

/** Throws FatalError `tls-fingerprint` or `tls-untrusted` for a certificate that is neither the one agreed on nor signed by anybody known. */
export function checkCertificate(
  socket: TLSSocket,
  expected: { readonly peer: string; readonly wanted?: string },
): void {
  const actual = socket.getPeerCertificate().fingerprint256 ?? "";
  const plain = (fingerprint: string) => fingerprint.replaceAll(":", "").toLowerCase();
  if (expected.wanted !== undefined) {
    if (plain(expected.wanted) === plain(actual)) return;
    throw new FatalError(`${expected.peer} shows another certificate than the one agreed on: ${actual}`, {
      code: "tls-fingerprint",
      fields: { fingerprint: actual },
    });
  }
  if (socket.authorized) return;
  throw new FatalError(
    `${expected.peer} shows a certificate that no known authority signed: to accept it, set its fingerprint ${actual}`,
    { code: "tls-untrusted", fields: { fingerprint: actual } },
  );
}
