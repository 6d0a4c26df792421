import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { type Clock, systemClock } from "../../util/clock.ts";
import { AsyncQueue } from "../../util/queue.ts";
import { FakePlayout, wavFile } from "./fake-playout.ts";
import type { FakeYooseeEvent, FakeYooseeScript } from "./fake-script.ts";
import { type FakeTalkHost, FakeTalkSession } from "./fake-session.ts";

/** Options of {@link startFakeYoosee}. */
export interface FakeYooseeOptions extends Partial<FakeYooseeScript> {
  readonly clock?: Clock;
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly rateHz?: number;
  /** What the loudspeaker's buffer holds; default 3000 ms. */
  readonly capacityMs?: number;
  /** The camera's picture: connections that do not begin with USER_CMD_SET go to this RTSP server on loopback. */
  readonly rtspPort?: number;
}

const defaults: FakeYooseeScript = {
  dialects: ["classic"],
  decoderTimeoutMs: 0,
  refuse: undefined,
  splitReply: false,
  replyDelayMs: 0,
  mute: false,
  answersClose: true,
  oneTalker: true,
};

/** A scripted Yoosee camera's talk side. Dispose it to end it. */
export class FakeYoosee implements AsyncDisposable, FakeTalkHost {
  readonly script: FakeYooseeScript;
  readonly clock: Clock;
  readonly playout: FakePlayout;
  readonly rateHz: number;
  readonly sessions = new Set<FakeTalkSession>();
  readonly events: FakeYooseeEvent[] = [];
  /** Records that arrived while the decoder was closed, and bytes that were neither request nor record. */
  readonly counters = { connections: 0, records: 0, unheardRecords: 0, malformed: 0 };
  readonly #options: FakeYooseeOptions;
  readonly #listeners = new Set<AsyncQueue<FakeYooseeEvent>>();
  #server: Server | undefined;
  #port = 0;
  #talker: FakeTalkSession | undefined;
  #decoder: { readonly openedUs: number } | undefined;

  /** Made by {@link startFakeYoosee}. */
  constructor(options: FakeYooseeOptions) {
    this.#options = options;
    this.script = { ...defaults, ...options };
    this.clock = options.clock ?? systemClock;
    this.rateHz = options.rateHz ?? 8000;
    this.playout = new FakePlayout({
      clock: this.clock,
      rateHz: this.rateHz,
      capacityMs: options.capacityMs ?? 3000,
    });
  }

  get port(): number {
    return this.#port;
  }

  /** Whether sound would be heard now. */
  get decoderOpen(): boolean {
    const { decoderTimeoutMs } = this.script;
    if (!this.#decoder) return false;
    if (decoderTimeoutMs === 0) return true;
    return this.clock.nowUs() - this.#decoder.openedUs < decoderTimeoutMs * 1000;
  }

  /** Begins to listen, on the same port as before if there was one. */
  async listen(): Promise<void> {
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server.listen(this.#port || (this.#options.port ?? 0), this.#options.host ?? "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** The power goes: every connection is reset, nothing listens, the decoder forgets. `listen` brings it back. */
  async fail(): Promise<void> {
    this.playout.cut();
    this.#decoder = undefined;
    const closed = this.#server && once(this.#server, "close");
    this.#server?.close();
    for (const session of [...this.sessions]) session.reset();
    await closed;
    this.#server = undefined;
  }

  /** Stops reading from every connection until the returned handle is disposed: a network or firmware that stalls. */
  stall(): Disposable {
    for (const session of this.sessions) session.pause();
    return {
      [Symbol.dispose]: () => {
        for (const session of this.sessions) session.resume();
      },
    };
  }

  /** The first event from now on, or already seen, that `test` accepts. */
  async waitFor(test: (event: FakeYooseeEvent) => boolean): Promise<FakeYooseeEvent> {
    const queue = new AsyncQueue<FakeYooseeEvent>({ max: 100_000 });
    for (const event of this.events) queue.push(event);
    this.#listeners.add(queue);
    try {
      for await (const event of queue) if (test(event)) return event;
      throw new Error("the fake camera ended");
    } finally {
      this.#listeners.delete(queue);
    }
  }

  /** The control requests so far, as text. */
  get controls(): readonly string[] {
    return this.events.flatMap((event) => (event.type === "control" ? [event.text] : []));
  }

  /** How often the speaker was closed. */
  get closed(): number {
    return this.events.filter((event) => event.type === "control" && event.verb === "CLOSE").length;
  }

  /** What the loudspeaker played, as a WAV file. */
  wav(): Uint8Array {
    return wavFile(this.playout.played(), this.rateHz);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server) await this.fail();
    for (const queue of this.#listeners) queue.end();
  }

  /** Session only: a talker asks for the speaker. Gives the status line's end. */
  open(session: FakeTalkSession): string {
    if (this.script.refuse) return this.script.refuse;
    const taken = this.#talker !== undefined && this.#talker !== session && this.decoderOpen;
    if (taken && this.script.oneTalker) return "453 Not Enough Bandwidth";
    this.#talker = session;
    this.#decoder = { openedUs: this.clock.nowUs() };
    return "200 OK";
  }

  /** Session only: CLOSE, on whatever connection, silences the camera. */
  close(): string {
    this.#decoder = undefined;
    this.#talker = undefined;
    this.playout.cut();
    return "200 OK";
  }

  /** Session only: one record's PCM. */
  hear(pcm: Uint8Array): void {
    this.counters.records++;
    if (this.decoderOpen) this.playout.push(pcm);
    else this.counters.unheardRecords++;
    this.note({ type: "record", atUs: this.clock.nowUs() });
  }

  /** Session only: tells those who wait. Records are not kept. */
  note(event: FakeYooseeEvent): void {
    if (event.type !== "record") this.events.push(event);
    for (const queue of this.#listeners) queue.push(event);
  }

  #accept(socket: Socket): void {
    this.counters.connections++;
    this.note({ type: "connected", atUs: this.clock.nowUs() });
    const session = new FakeTalkSession(socket, this, this.#options.rtspPort);
    this.sessions.add(session);
    socket.once("close", () => {
      this.sessions.delete(session);
      if (this.#talker === session) this.#talker = undefined;
      this.note({ type: "disconnected", atUs: this.clock.nowUs() });
    });
  }
}

/** Starts a scripted camera that listens on 127.0.0.1. */
export async function startFakeYoosee(options: FakeYooseeOptions = {}): Promise<FakeYoosee> {
  const fake = new FakeYoosee(options);
  await fake.listen();
  return fake;
}
