import type { Socket } from "node:net";
import { RtspHeaders } from "../../protocols/rtsp/headers.ts";
import { type RtspMessage, type RtspRequest, serializeMessage } from "../../protocols/rtsp/message.ts";
import { RtspParser } from "../../protocols/rtsp/parser.ts";
import type { RtspAnswer } from "../../protocols/rtsp/server.ts";
import { addressBlock } from "../../util/address-block.ts";
import { background } from "../../util/background.ts";
import { isAbort, messageOf, WireError } from "../../util/errors.ts";
import { every } from "../../util/every.ts";
import { Serial } from "../../util/serial.ts";
import { newNonce } from "./access.ts";
import type { Desk } from "./desk.ts";
import { Dialogue } from "./dialogue.ts";
import { Outlets } from "./outlets.ts";
import { type RefusalHeaders, RtspRefusal, reasonPhrase, refusalOf } from "./refusal.ts";
import { sessionTimeoutS } from "./session.ts";

/** Options of {@link RtspConnection}. */
export interface RtspConnectionOptions {
  readonly desk: Desk;
  readonly socket: Socket;
  /** It speaks TLS: media stay on the connection. */
  readonly secure: boolean;
  /** The client is no stranger any more. */
  readonly onKnown: () => void;
}

/** Requests that may wait for their turn. */
const maxWaiting = 32;
const lookEveryMs = 2000;
/** A client that takes nothing for so long is given up. */
const stuckMs = 10_000;

/** One client, from its connection to its end. */
export class RtspConnection {
  #waiting = 0;
  #leftBytes = 0;
  #leftUs: number;
  /** When the last request came. */
  #askedUs: number;
  readonly #options: RtspConnectionOptions;
  readonly #gone = new AbortController();
  readonly #turns = new Serial();
  readonly #parser = new RtspParser();
  readonly #outlets: Outlets;
  readonly #dialogue: Dialogue;
  readonly #block: string;

  constructor(options: RtspConnectionOptions) {
    const { socket, desk } = options;
    this.#options = options;
    this.#outlets = new Outlets({ socket, clock: desk.hub.clock, udp: desk.config.udp && !options.secure });
    this.#leftUs = desk.hub.clock.nowUs();
    this.#askedUs = this.#leftUs;
    this.#block = addressBlock(socket.remoteAddress ?? "");
    this.#dialogue = new Dialogue({
      desk,
      caller: {
        block: this.#block,
        nonce: newNonce(),
        private: options.secure || isLoopback(socket.remoteAddress ?? ""),
      },
      outlet: (wanted) => this.#outlets.open(wanted),
      onKnown: options.onKnown,
      onEnded: (reason) => this.#end(reason),
      signal: this.#gone.signal,
    });
    const looking = every(desk.hub.clock, lookEveryMs, () => this.#look());
    socket.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    socket.resume();
    socket.once("close", () => {
      looking[Symbol.dispose]();
      this.#gone.abort();
      const end = this.#turns.run(() => this.#dialogue[Symbol.asyncDispose]());
      background(end, (err) => desk.hub.log.error({ err }, "an RTSP session did not end cleanly"));
    });
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const message of this.#parser.push(chunk)) this.#take(message);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#refuseAndEnd(400, "This is no RTSP");
    }
  }

  #take(message: RtspMessage): void {
    if (message.kind === "frame") this.#outlets.receive(message.channel, message.payload);
    else if (message.kind === "request") this.#enqueue(message);
    else if (message.kind === "noise" && !this.#dialogue.session) this.#refuseAndEnd(400, "This is no RTSP");
  }

  #enqueue(request: RtspRequest): void {
    if (this.#gone.signal.aborted) return;
    this.#askedUs = this.#options.desk.hub.clock.nowUs();
    if (++this.#waiting > maxWaiting) {
      this.#refuseAndEnd(400, "Too many requests wait for an answer");
      return;
    }
    const served = this.#turns.run(() => this.#serve(request)).finally(() => this.#waiting--);
    background(served, (err) => {
      this.#options.desk.hub.log.error({ err }, "an RTSP request failed");
      this.#options.socket.destroy();
    });
  }

  async #serve(request: RtspRequest): Promise<void> {
    if (this.#gone.signal.aborted) return;
    try {
      this.#answer(request, await this.#dialogue.answer(request));
    } catch (error) {
      if (this.#gone.signal.aborted || isAbort(error)) return;
      this.#refuse(request, error);
    }
  }

  #refuse(request: RtspRequest, error: unknown): void {
    const { hub, counters } = this.#options.desk;
    const refusal = refusalOf(error) ?? new RtspRefusal(500, "Internal Server Error");
    const { status, message, headers } = refusal;
    if (status === 500) hub.log.error({ err: error }, "an RTSP request failed");
    else if (status !== 401) this.#log(`refused ${status}`, `RTSP refused: ${messageOf(error)}`, request.method);
    counters.refused.set(status, (counters.refused.get(status) ?? 0) + 1);
    this.#answer(request, { status, reason: reasonPhrase(message) }, headers);
  }

  /** Anybody can have this written, without a token: of one kind and one block of addresses seldom. */
  #log(kind: string, text: string, method?: string): void {
    const { hub, news } = this.#options.desk;
    const level = news.isNews(`${this.#block} ${kind}`) ? "info" : "debug";
    hub.log[level]({ from: this.#block, ...(method && { method: method.slice(0, 32) }) }, text);
  }

  #answer(
    request: RtspRequest,
    { status, reason, headers = {}, body }: RtspAnswer & { readonly reason?: string },
    more: RefusalHeaders = {},
  ): void {
    const fields = new RtspHeaders({ CSeq: request.headers.get("CSeq"), Server: "Doorward", ...headers });
    for (const [name, values] of Object.entries(more)) for (const value of [values].flat()) fields.add(name, value);
    const bytes = body === undefined ? undefined : Buffer.from(body, "utf8");
    const message = { status, headers: fields, ...(reason && { reason }), ...(bytes && { body: bytes }) };
    this.#outlets.interleaved.write(serializeMessage(message));
  }

  #refuseAndEnd(status: number, reason: string): void {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort();
    this.#outlets.interleaved.write(
      serializeMessage({ status, reason, headers: new RtspHeaders({ Connection: "close" }) }),
    );
    this.#hangUp();
  }

  #end(reason: string): void {
    this.#options.desk.hub.log.debug({ reason }, "an RTSP session was ended");
    this.#gone.abort();
    this.#hangUp();
  }

  /** Lets what was written leave, for a moment. */
  #hangUp(): void {
    const { socket, desk } = this.#options;
    socket.end();
    socket.resume();
    const late = desk.hub.clock.timer(500, () => socket.destroy());
    socket.once("close", () => late[Symbol.dispose]());
  }

  /** Ends who takes nothing, and who shows no sign of life. A client that takes what is sent is there. */
  #look(): void {
    const { socket, desk } = this.#options;
    const nowUs = desk.hub.clock.nowUs();
    const left = socket.bytesWritten - socket.writableLength;
    if (this.#outlets.interleaved.waitingBytes === 0 || left !== this.#leftBytes) this.#leftUs = nowUs;
    if (nowUs - this.#leftUs > stuckMs * 1000) {
      this.#log("stuck", "an RTSP client takes nothing: it is let go");
      socket.destroy();
      return;
    }
    const { session } = this.#dialogue;
    if (!session && nowUs - this.#askedUs > sessionTimeoutS * 1_000_000) this.#end("nothing was asked for");
    if (session?.playing && left !== this.#leftBytes) session.lastSignUs = nowUs;
    this.#leftBytes = left;
    if (session && nowUs - session.lastSignUs > sessionTimeoutS * 1_000_000) this.#end("no sign of life");
  }
}

function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.|^::1$/i.test(address);
}
