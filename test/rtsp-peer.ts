import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { RtspHeaders } from "../src/protocols/rtsp/headers.ts";
import type { InterleavedFrame, RtspResponse } from "../src/protocols/rtsp/message.ts";
import { serializeFrame, serializeMessage } from "../src/protocols/rtsp/message.ts";
import { RtspParser } from "../src/protocols/rtsp/parser.ts";
import { within } from "./within.ts";

/** A client that says exactly what a test wants. */
export class RtspPeer implements Disposable {
  readonly frames: InterleavedFrame[] = [];
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  #cseq = 0;
  #session: string | undefined;
  readonly #parser = new RtspParser();
  readonly #answers: RtspResponse[] = [];
  #wake = Promise.withResolvers<void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => {}); // "close" follows
    socket.on("data", (chunk: Uint8Array) => {
      for (const message of this.#parser.push(chunk)) {
        if (message.kind === "response") this.#answers.push(message);
        else if (message.kind === "frame") this.frames.push(message);
      }
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    });
  }

  static async connect(port: number): Promise<RtspPeer> {
    const socket = connect({ port, host: "127.0.0.1" });
    await once(socket, "connect");
    return new RtspPeer(socket);
  }

  /** Sends a request, in the session if there is one, and gives the answer. */
  async ask(
    method: string,
    uri: string,
    headers: Readonly<Record<string, string>> = {},
    body = "",
  ): Promise<RtspResponse> {
    const fields = new RtspHeaders({ CSeq: ++this.#cseq, Session: this.#session, ...headers });
    this.socket.write(serializeMessage({ method, uri, headers: fields, body: Buffer.from(body) }));
    const answer = await this.answer();
    this.#session = answer.headers.get("Session")?.split(";")[0] ?? this.#session;
    return answer;
  }

  /** The next answer. */
  async answer(): Promise<RtspResponse> {
    await this.until("an answer", () => this.#answers.length > 0);
    return this.#answers.shift() as RtspResponse;
  }

  /** Waits for something that what comes in makes true. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    const wait = async () => {
      while (!isSo()) await this.#wake.promise;
    };
    await within(what, wait(), 5000);
  }

  send(channel: number, packet: Uint8Array): void {
    this.socket.write(serializeFrame(channel, packet));
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** A token as the password of Basic. */
export function basic(token: string, name = "x"): Readonly<Record<string, string>> {
  return { Authorization: `Basic ${Buffer.from(`${name}:${token}`).toString("base64")}` };
}
