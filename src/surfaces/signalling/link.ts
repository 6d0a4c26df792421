import type { RawData, WebSocket } from "ws";
import type { z } from "zod";
import { readMessage, requestIdOf, writeMessage } from "../../protocols/signalling/envelope.ts";
import { signallingCloses, signallingLimits } from "../../protocols/signalling/limits.ts";
import type { MessageOf, MessageTable } from "../../protocols/signalling/messages.ts";
import type { Clock } from "../../util/clock.ts";
import { DoorwardError, messageOf, WireError } from "../../util/errors.ts";
import { every } from "../../util/every.ts";
import type { Log } from "../../util/log.ts";

/** Options of {@link SignalLink}. */
export interface SignalLinkOptions<In extends MessageTable> {
  readonly socket: WebSocket;
  /** IP address of the other end. */
  readonly address: string;
  /** The token that its connection showed, as `Authorization: Bearer` or in its address where that is allowed. */
  readonly token: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** What the other end may say. */
  readonly incoming: In;
}

/** Messages that somebody may send at once, and again each second: candidates come in bursts. */
const burst = 120;
/** Who does not read what it is told for so many bytes is let go. */
const maxBufferedBytes = 512 * 1024;
const lingerMs = 500;

/** One WebSocket of the signalling, from its beginning to its end. */
export class SignalLink<In extends MessageTable, Out extends MessageTable> implements Disposable {
  readonly address: string;
  readonly token: string | undefined;
  /** What ends with the connection. */
  readonly held = new DisposableStack();
  readonly #options: SignalLinkOptions<In>;
  #credit = burst;
  #creditUs: number;
  #heardUs: number;
  #silence: Disposable | undefined;
  #greeted = false;

  constructor(options: SignalLinkOptions<In>) {
    this.#options = options;
    this.address = options.address;
    this.token = options.token;
    this.#creditUs = options.clock.nowUs();
    this.#heardUs = this.#creditUs;
  }

  /** Listens until the socket closes. The first message has to be `hello`, within ten seconds. */
  start(on: { readonly message: (message: MessageOf<In>) => void; readonly end: () => void }): void {
    const { socket, clock, log } = this.#options;
    socket.on("message", (data, isBinary) => this.#receive(data, { isBinary, told: on.message }));
    socket.on("error", (err) => log.debug({ err }, "a signalling connection failed")); // "close" follows
    socket.once("close", () => {
      this.held.dispose();
      on.end();
    });
    const hello = clock.timer(signallingLimits.helloMs, () => {
      if (!this.#greeted) this.close(signallingCloses.refused, "Expected hello message");
    });
    this.held.use(hello);
    this.held.use(every(clock, signallingLimits.pingMs, () => this.#ping()));
    this.held.defer(() => this.#silence?.[Symbol.dispose]());
    this.#listenFor(signallingLimits.silenceMs);
  }

  /** True until it was closed by either end. */
  get isOpen(): boolean {
    const { socket } = this.#options;
    return socket.readyState === socket.OPEN;
  }

  /** Tells the other end something; `answers` says to which of its messages. */
  tell<Type extends keyof Out & string>(
    type: Type,
    payload: z.input<Out[Type]>,
    answers?: { readonly requestId?: string | undefined },
  ): void {
    const { socket, clock } = this.#options;
    if (!this.isOpen) return;
    if (socket.bufferedAmount > maxBufferedBytes) {
      socket.terminate();
      return;
    }
    socket.send(writeMessage<Out, Type>(type, payload, { wallMs: clock.wallMs(), ...(answers && { answers }) }));
  }

  /** Ends the connection; the reason is for people and at most 123 bytes long. */
  close(code: number, reason: string): void {
    const { socket, clock } = this.#options;
    socket.close(code, reason.slice(0, 120));
    clock.timer(lingerMs, () => socket.terminate());
  }

  [Symbol.dispose](): void {
    this.close(1001, "The hub ends");
  }

  #receive(data: RawData, how: { readonly isBinary: boolean; readonly told: (message: MessageOf<In>) => void }): void {
    if (!this.isOpen) return;
    this.#heardUs = this.#options.clock.nowUs();
    if (!this.#spend()) {
      this.close(signallingCloses.refused, "Too many messages");
      return;
    }
    try {
      if (how.isBinary) throw new WireError("a message is text");
      const message = readMessage(data.toString(), this.#options.incoming);
      if (!this.#greeted && message?.type !== "hello") {
        this.close(signallingCloses.refused, "Expected hello message");
        return;
      }
      this.#greeted = true;
      if (message) how.told(message);
    } catch (error) {
      this.#refuse(error, how.isBinary ? undefined : requestIdOf(data.toString()));
    }
  }

  /** It is told what was wrong with its message, and goes on; before it said who it is it does not. */
  #refuse(error: unknown, requestId: string | undefined): void {
    if (!(error instanceof DoorwardError)) throw error;
    const { socket, clock } = this.#options;
    const told = { message: messageOf(error), code: error instanceof WireError ? "bad-message" : error.code };
    socket.send(writeMessage("error", told, { wallMs: clock.wallMs(), answers: { requestId } }));
    if (!this.#greeted) this.close(signallingCloses.refused, messageOf(error));
  }

  /** Who says nothing for so long is gone: a pong does not count, for it comes from whoever is frozen, too. */
  #listenFor(delayMs: number): void {
    const { clock } = this.#options;
    this.#silence = clock.timer(delayMs, () => {
      const leftMs = signallingLimits.silenceMs - (clock.nowUs() - this.#heardUs) / 1000;
      if (leftMs > 0) this.#listenFor(Math.ceil(leftMs));
      else this.close(signallingCloses.silent, "No heartbeat");
    });
  }

  /** Proxies end what is quiet. */
  #ping(): void {
    if (this.isOpen) this.#options.socket.ping();
  }

  #spend(): boolean {
    const nowUs = this.#options.clock.nowUs();
    this.#credit = Math.min(burst, this.#credit + ((nowUs - this.#creditUs) / 1e6) * burst);
    this.#creditUs = nowUs;
    this.#credit -= 1;
    return this.#credit >= 0;
  }
}
