import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { AccessUnitSplitter } from "../../codecs/access-unit.ts";
import { nalFacts } from "../../codecs/nal.ts";
import type { NalCodec } from "../../codecs/video-codec.ts";
import { type Clock, systemClock } from "../../util/clock.ts";
import { isAbort } from "../../util/errors.ts";
import { resetSocket } from "../../util/reset-socket.ts";
import { type FakeFraming, frameUnit } from "./fake-framing.ts";

/** What a fake camera shows: access units as NAL lists, without start codes. An array is shown again and again. */
export type FakeUnits = readonly (readonly Uint8Array[])[] | AsyncIterable<readonly Uint8Array[]>;

/** Options of {@link startFake}. */
export interface FakeOptions {
  readonly codec: NalCodec;
  readonly units: FakeUnits;
  /** Frames per second of its encoder; without it, units go out by `send` alone. */
  readonly frameRate?: number;
  readonly framing?: FakeFraming;
  /** What a client has to send as its first line. */
  readonly token?: string;
  /** Put a delimiter behind each unit, so that its end is known at once. */
  readonly delimiters?: boolean;
  readonly clock?: Clock;
  /** On 127.0.0.1; 0, any free one, by default. */
  readonly port?: number;
}

/** What happened at a fake so far. */
export interface FakeCounters {
  connections: number;
  refused: number;
  units: number;
  truncated: number;
  stolen: number;
  /** How often the hook asked the encoder for a key frame. */
  keyRequests: number;
}

const maxQueuedBytes = 512 * 1024;

/**
 * A camera with the hook in it: one client, a newer one takes the stream; nothing until the next key frame; no header,
 * no timestamps; what the network does not take is cut off within a unit and the stream goes on at a key frame.
 */
export class FakeHook implements AsyncDisposable {
  readonly counters: FakeCounters = { connections: 0, refused: 0, units: 0, truncated: 0, stolen: 0, keyRequests: 0 };
  #server: Server | undefined;
  #client: Socket | undefined;
  #waitingForKey = true;
  #stalled = false;
  #letGoMs = 0;
  #truncateNext = false;
  #port = 0;
  readonly #encoder: Encoder;
  readonly #sockets = new Set<Socket>();
  readonly #over = new AbortController();
  readonly #options: FakeOptions;

  constructor(options: FakeOptions) {
    this.#options = options;
    this.#encoder = encoderOf(options.units, nalFacts[options.codec].isKey);
  }

  /** `tcp://127.0.0.1:port`, the same after a reboot. */
  get address(): string {
    return `tcp://127.0.0.1:${this.#port}`;
  }

  /** Sockets that are open at the moment. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Opens the port. */
  async listen(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket));
    server.listen(this.#port || this.#options.port || 0, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as { port: number }).port;
    this.#server = server;
  }

  /** The encoder finishes `count` units; those that the client does not get are lost, as in the camera. */
  async send(count = 1): Promise<void> {
    for (let i = 0; i < count; i++) {
      const unit = await this.#encoder.next();
      if (!unit) return;
      this.#offer(unit);
    }
  }

  /** The encoder runs at its frame rate until the fake is disposed. */
  async run(frameRate: number): Promise<void> {
    const clock = this.#options.clock ?? systemClock;
    const startUs = clock.nowUs();
    try {
      for (let n = 1; ; n++) {
        const dueMs = (startUs - clock.nowUs()) / 1000 + (n * 1000) / frameRate;
        await clock.sleep(Math.max(0, dueMs), this.#over.signal);
        await this.send();
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  /** The connection stays open and nothing comes, until `resume`: weak Wi-Fi, or an app that hangs. */
  stall(): void {
    this.#stalled = true;
  }

  resume(): void {
    this.#stalled = false;
  }

  /** Notices only after this time that a client has left. */
  letGo(ms: number): void {
    this.#letGoMs = ms;
  }

  /** Bytes that are no video: a firmware that lost its way. */
  babble(bytes: number): void {
    this.#client?.write(new Uint8Array(bytes).fill(0x55));
  }

  /** The next unit is cut in its middle, as the hook does when the socket takes no more. */
  truncate(): void {
    this.#truncateNext = true;
  }

  /** Power off: every connection is reset and the port is closed. */
  async powerOff(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) resetSocket(socket);
    if (!server) return;
    server.close();
    await once(server, "close");
  }

  /** Off and on again on the same port. */
  async reboot(): Promise<void> {
    await this.powerOff();
    await this.listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.powerOff();
  }

  #accept(socket: Socket): void {
    this.counters.connections++;
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    const left = () => {
      this.#sockets.delete(socket);
      if (this.#client === socket) this.#client = undefined;
    };
    const clock = this.#options.clock ?? systemClock;
    socket.on("close", () => (this.#letGoMs > 0 ? clock.timer(this.#letGoMs, left) : left()));
    if (this.#options.token === undefined) this.#serve(socket);
    else socket.once("data", (line) => this.#checkToken(socket, line.toString()));
  }

  #checkToken(socket: Socket, line: string): void {
    if (line === `${this.#options.token}\n`) {
      this.#serve(socket);
      return;
    }
    this.counters.refused++;
    socket.end();
  }

  #serve(socket: Socket): void {
    if (this.#client) {
      this.counters.stolen++;
      this.#client.end();
    }
    socket.resume();
    this.#client = socket;
    this.#awaitKey();
  }

  #awaitKey(): void {
    this.#waitingForKey = true;
    this.counters.keyRequests++;
    this.#encoder.requestKey();
  }

  #offer(unit: readonly Uint8Array[]): void {
    const client = this.#client;
    if (!client || this.#stalled) return;
    if (this.#waitingForKey && !nalFacts[this.#options.codec].isKey(unit)) return;
    this.#waitingForKey = false;
    const bytes = frameUnit(unit, this.#options);
    if (this.#truncateNext || client.writableLength + bytes.length > maxQueuedBytes) {
      this.counters.truncated++;
      this.#truncateNext = false;
      this.#awaitKey();
      client.write(bytes.subarray(0, bytes.length >> 1));
      return;
    }
    this.counters.units++;
    client.write(bytes);
  }
}

/** Starts a fake and, if it has a frame rate, its encoder. Its owner disposes it. */
export async function startFake(options: FakeOptions): Promise<FakeHook> {
  const fake = new FakeHook(options);
  await fake.listen();
  if (options.frameRate !== undefined) void fake.run(options.frameRate);
  return fake;
}

/** Access units of an Annex B stream, e.g. a file made by ffmpeg with `-f h264`, for {@link FakeOptions.units}. */
export function unitsOf(annexB: Uint8Array): (readonly Uint8Array[])[] {
  const splitter = new AccessUnitSplitter();
  return [...splitter.push(annexB), ...splitter.flush()].map((unit) => unit.nals);
}

interface Encoder {
  next(): Promise<readonly Uint8Array[] | undefined>;
  /** The next unit is to be a key frame: `IMP_Encoder_RequestIDR`. A stream that is made elsewhere pays no heed. */
  requestKey(): void;
}

function encoderOf(units: FakeUnits, isKey: (unit: readonly Uint8Array[]) => boolean): Encoder {
  if (Symbol.asyncIterator in units) {
    const iterator = units[Symbol.asyncIterator]();
    return { next: async () => (await iterator.next()).value, requestKey: () => {} };
  }
  let at = 0;
  const unitAt = (index: number) => units[index % units.length] ?? [];
  return {
    next: async () => unitAt(at++),
    requestKey: () => {
      for (let ahead = 0; ahead < units.length; ahead++) {
        if (!isKey(unitAt(at + ahead))) continue;
        at += ahead;
        return;
      }
    },
  };
}
