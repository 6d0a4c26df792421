import { connect, type Socket } from "node:net";
import type { Clock } from "../../util/clock.ts";
import { type DoorwardError, FatalError, messageOf, RecoverableError } from "../../util/errors.ts";
import { networkReason } from "../../util/network-reason.ts";
import { resetSocket } from "../../util/reset-socket.ts";
import { until } from "../../util/until.ts";
import { parseReply, type Reply } from "./wire.ts";

/** Options of {@link ControlConnection.connect}. */
export interface ControlOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /** For connecting, for one answer, and for room in a full socket. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

interface Waiting {
  readonly cseq: number;
  readonly answered: (reply: Reply) => void;
}

const maxUnreadBytes = 64 * 1024;
/** More than this not yet taken by the machine's own buffers means that the way is blocked: half a second at 16 kHz. */
const fullBytes = 16 * 1024;

/**
 * One TCP connection to a camera, over which requests, their replies and sound go. Owns the socket; disposing destroys
 * it. Errors are RecoverableError with the codes `unreachable`, `no-answer`, `lost`, or FatalError `not-a-camera`.
 */
export class ControlConnection implements Disposable {
  readonly #socket: Socket;
  readonly #options: ControlOptions;
  readonly #lost = new AbortController();
  readonly #waiting: Waiting[] = [];
  #unread: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, options: ControlOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on("data", (bytes) => this.#read(bytes));
    socket.on("error", (error) => this.#lose(`went away: ${networkReason(error)}`, error));
    socket.on("close", () => this.#lose("closed the connection"));
  }

  /** Connects; rejects when that takes longer than the time-out or `signal` aborts. */
  static async connect(options: ControlOptions): Promise<ControlConnection> {
    options.signal?.throwIfAborted();
    const socket = connect({ host: options.host, port: options.port, noDelay: true });
    try {
      await connected(socket, options);
    } catch (error) {
      socket.on("error", () => {});
      socket.destroy();
      throw error;
    }
    return new ControlConnection(socket, options);
  }

  /** Aborts with the error as its reason when the camera is gone. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Sends a request and gives its reply, whatever the status. */
  async request(
    bytes: Uint8Array,
    options: { readonly cseq: number; readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<Reply> {
    this.#lost.signal.throwIfAborted();
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs;
    const answer = Promise.withResolvers<Reply>();
    const waiting: Waiting = { cseq: options.cseq, answered: answer.resolve };
    this.#waiting.push(waiting);
    this.#socket.write(bytes);
    const error = () => this.#error("no-answer", `did not answer within ${timeoutMs / 1000} s`);
    const lost = this.#lost.signal;
    const signal = options.signal ? AbortSignal.any([lost, options.signal]) : lost;
    try {
      return await until(answer.promise, { signal, within: { ms: timeoutMs, clock: this.#options.clock, error } });
    } finally {
      const index = this.#waiting.indexOf(waiting);
      if (index >= 0) this.#waiting.splice(index, 1);
    }
  }

  /**
   * Sends bytes; a promise means that the socket is full and resolves when it has room. Throws when the camera is lost.
   * What is written in one turn of the event loop goes out together: a burst in full segments begins with most of it in
   * the first flight, where one small segment a record would let the camera begin and run dry at once.
   */
  write(bytes: Uint8Array): undefined | Promise<void> {
    this.#lost.signal.throwIfAborted();
    this.#gather();
    const room = Promise.withResolvers<void>();
    this.#socket.write(bytes, () => room.resolve());
    if (this.#socket.writableLength <= fullBytes) return undefined;
    const { timeoutMs, clock } = this.#options;
    const signal = this.#lost.signal;
    const error = () => {
      this.#lose(`took no more sound for ${timeoutMs / 1000} s`);
      return signal.reason;
    };
    return until(room.promise, { signal, within: { ms: timeoutMs, clock, error } });
  }

  /** Ends the connection and drops what the machine has not yet sent. */
  [Symbol.dispose](): void {
    this.#lose("was let go");
    resetSocket(this.#socket);
  }

  /** Lets what was written go out, then closes. */
  end(): void {
    this.#socket.end();
  }

  #gather(): void {
    if (this.#socket.writableCorked > 0) return;
    this.#socket.cork();
    setImmediate(() => this.#socket.uncork());
  }

  #read(bytes: Buffer): void {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    try {
      for (let reply = parseReply(this.#unread); reply; reply = parseReply(this.#unread)) {
        this.#unread = this.#unread.subarray(reply.bytes);
        this.#answered(reply);
        if (this.#unread.length === 0) return;
      }
      if (this.#unread.length > maxUnreadBytes) throw new RecoverableError("reply: too long");
    } catch (error) {
      const { host, port } = this.#options;
      const what = `${host}:${port} does not answer like a camera: ${messageOf(error)}`;
      this.#fail(new FatalError(what, { code: "not-a-camera", cause: error }));
    }
  }

  /** A reply without a CSeq is taken as the answer to the oldest request; one with a foreign CSeq is nobody's. */
  #answered(reply: Reply): void {
    const index = this.#waiting.findIndex((waiting) => reply.cseq === undefined || waiting.cseq === reply.cseq);
    if (index >= 0) this.#waiting.splice(index, 1)[0]?.answered(reply);
  }

  #lose(what: string, cause?: unknown): void {
    if (!this.#lost.signal.aborted) this.#fail(this.#error("lost", what, cause));
  }

  #fail(error: DoorwardError): void {
    this.#lost.abort(error);
    this.#socket.destroy();
  }

  #error(code: string, what: string, cause?: unknown): RecoverableError {
    const { host, port } = this.#options;
    return new RecoverableError(`camera ${host}:${port} ${what}`, { code, cause, fields: { host, port } });
  }
}

async function connected(socket: Socket, options: ControlOptions): Promise<void> {
  const { host, port, clock, timeoutMs: ms, signal } = options;
  const done = Promise.withResolvers<void>();
  const unreachable = (why: string, cause?: unknown) =>
    new RecoverableError(`cannot reach camera ${host}:${port}: ${why}`, {
      code: "unreachable",
      cause,
      fields: { host, port },
    });
  const failed = (error: Error) => done.reject(unreachable(networkReason(error), error));
  socket.once("connect", done.resolve);
  socket.once("error", failed);
  try {
    const error = () => unreachable(`no connection within ${ms / 1000} s`);
    await until(done.promise, { signal, within: { ms, clock, error } });
  } finally {
    socket.off("error", failed);
  }
}
