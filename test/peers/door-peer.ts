import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { systemClock } from "../../src/util/clock.ts";

/** A message as it came. */
export type DoorTold = Readonly<Record<string, unknown>> & { readonly type: string };

/** Options of {@link DoorPeer.connect}. */
export interface DoorPeerOptions {
  readonly port: number;
  readonly tls?: true;
  /** What it says first. */
  readonly register?: object;
}

/** The other end of the door surface, for tests: a station or a client that says what it is told to say. */
export class DoorPeer implements AsyncDisposable {
  readonly told: DoorTold[] = [];
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
  readonly socket: Socket;
  #rest = Buffer.alloc(0);
  #wake: (() => void)[] = [];
  #onMessage: ((message: DoorTold) => void) | undefined;

  private constructor({ port, tls }: DoorPeerOptions) {
    this.socket = tls ? connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false }) : connect(port, "127.0.0.1");
    this.socket.setNoDelay(true);
    this.socket.on("error", () => {}); // "close" follows
    this.socket.on("data", (bytes: Buffer) => this.#receive(bytes));
    this.closed = new Promise((resolve) =>
      this.socket.once("close", () => {
        resolve();
        this.#notify();
      }),
    );
  }

  /** Connects, and registers if it is told how; resolves when that is answered. */
  static async connect(options: DoorPeerOptions): Promise<DoorPeer> {
    const peer = new DoorPeer(options);
    if (!options.register) return peer;
    peer.say({ type: "register", ...options.register });
    await peer.next((message) => message.type === "registered" || message.type === "error");
    return peer;
  }

  /** A station that answers: opens sound as it is asked to, and says yes to all else. */
  static async station(
    options: DoorPeerOptions & { readonly clientId: string; readonly token?: string },
  ): Promise<DoorPeer> {
    const { clientId, token, register, ...rest } = options;
    const who = { role: "intercom", client_id: clientId, ...(token !== undefined && { token }), ...register };
    const peer = await DoorPeer.connect({ ...rest, register: who });
    peer.answer();
    return peer;
  }

  /** Answers every command from now on. */
  answer(sound: object = { encoding: "pcm_s16le", sample_rate: 16_000, channels: 1 }): void {
    this.#onMessage = (message) => {
      if (message.type !== "command") return;
      const asked = message["payload"] as { stream_id?: string };
      const about = message["command"] === "start_audio" ? { ...sound, stream_id: asked.stream_id ?? "own" } : asked;
      this.say({ type: "response", command_id: message["command_id"], status: "ok", payload: about });
    };
    for (const message of this.told) this.#onMessage(message);
  }

  /** Answers nothing any more. */
  silence(): void {
    this.#onMessage = undefined;
  }

  say(message: object): void {
    this.socket.write(`${JSON.stringify(message)}\n`);
  }

  /** 40 ms of a tone, or of silence. */
  sound(streamId: string, sequence: number, options: { readonly silent?: true; readonly ms?: number } = {}): void {
    this.say(soundFrame(streamId, sequence, options));
  }

  /** Messages of a type so far. */
  all(type: string): readonly DoorTold[] {
    return this.told.filter((message) => message.type === type);
  }

  /** The first message that fits, now or later. Rejects when the connection ends before, and after 10 s. */
  async next(fits: ((message: DoorTold) => boolean) | Readonly<Record<string, unknown>>): Promise<DoorTold> {
    const matches =
      typeof fits === "function"
        ? fits
        : (message: DoorTold) => Object.entries(fits).every(([name, value]) => message[name] === value);
    const endUs = systemClock.nowUs() + 10_000_000;
    for (;;) {
      const found = this.told.find(matches);
      if (found) return found;
      if (this.socket.destroyed || systemClock.nowUs() > endUs) {
        throw new Error(`never came: ${JSON.stringify(fits)}; told ${JSON.stringify(this.told).slice(0, 600)}`);
      }
      using _timer = systemClock.timer(10_000, () => this.#notify());
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  /** Everything that was said before has been answered or passed over. */
  async settled(): Promise<void> {
    const before = this.all("pong").length;
    this.say({ type: "ping" });
    await this.next(() => this.all("pong").length > before);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }

  #receive(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (let end = this.#rest.indexOf(10); end >= 0 && this.#rest[0] === 0x7b; end = this.#rest.indexOf(10)) {
      const message = JSON.parse(this.#rest.subarray(0, end).toString()) as DoorTold;
      this.#rest = this.#rest.subarray(end + 1);
      this.told.push(message);
      this.#onMessage?.(message);
    }
    this.#notify();
  }

  /** Bytes that are no line: binary frames. */
  get rest(): Buffer {
    return this.#rest;
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** A frame of 16 kHz mono. */
export function soundFrame(
  streamId: string,
  sequence: number,
  { silent, ms = 40 }: { readonly silent?: true; readonly ms?: number } = {},
): object {
  const samples = Int16Array.from({ length: ms * 16 }, (_, n) => (silent ? 0 : Math.round(8000 * Math.sin(n * 0.3))));
  return {
    type: "audio_frame",
    stream_id: streamId,
    sequence,
    encoding: "pcm_s16le",
    sample_rate: 16_000,
    channels: 1,
    data: Buffer.from(samples.buffer).toString("base64"),
  };
}
