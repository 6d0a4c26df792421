import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { type FakeHook, type FakeOptions, startFake } from "../../protocols/elementary/fake.ts";
import { type Clock, systemClock } from "../../util/clock.ts";
import { isAbort } from "../../util/errors.ts";
import { resetSocket } from "../../util/reset-socket.ts";
import { FakeSpeaker } from "./fake-speaker.ts";
import { encodeRecord, RecordReader, type SpeakerRecord } from "./wire.ts";

/** Options of {@link startFakeIngenic}: those of its picture, and those of its other ports. */
export interface FakeIngenicOptions extends Omit<FakeOptions, "port"> {
  /** Of the microphone; 16000 by default. */
  readonly soundRateHz?: number;
  /** Blocks of 20 ms a second that the microphone hears by itself; without it, blocks go out by `hear` alone. */
  readonly microphone?: boolean;
  /** Of the speaker; 8000 by default, 0 for no talk-back. */
  readonly speakerRateHz?: number;
}

/** What happened at the ports beside the picture's so far. */
export interface FakeIngenicCounters {
  soundConnections: number;
  stolen: number;
  refused: number;
  healthRequests: number;
}

/** A port of the fake that keeps its number over reboots. */
interface Port {
  number: number;
  server?: Server;
  readonly accept: (socket: Socket) => void;
}

/**
 * A camera with Doorward's hook in it: picture, sound with talk-back, and health, each at a port of its own. One client
 * of each; a newer one takes over. With a token nothing is said before it.
 */
export class FakeIngenic implements AsyncDisposable {
  readonly video: FakeHook;
  readonly speaker: FakeSpeaker<Socket>;
  readonly counters: FakeIngenicCounters = { soundConnections: 0, stolen: 0, refused: 0, healthRequests: 0 };
  #listener: Socket | undefined;
  #told = "";
  #letGoMs = 0;
  #blocks = 0;
  #gap = false;
  readonly #bootUs: number;
  readonly #clock: Clock;
  readonly #over = new AbortController();
  readonly #sockets = new Set<Socket>();
  readonly #sound: Port = { number: 0, accept: (socket) => this.#acceptListener(socket) };
  readonly #health: Port = { number: 0, accept: (socket) => this.#acceptAsker(socket) };
  readonly #options: FakeIngenicOptions;

  constructor(video: FakeHook, options: FakeIngenicOptions) {
    this.video = video;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#bootUs = this.#clock.nowUs();
    const { speakerRateHz = 8000 } = options;
    this.speaker = new FakeSpeaker({ sampleRateHz: speakerRateHz, clock: this.#clock, onChange: () => this.#tell() });
  }

  /** What the driver's configuration needs to find it; the same after a reboot. */
  get config(): { readonly address: string; readonly soundPort: number; readonly healthPort: number } {
    const address = this.video.address.replace("tcp:", "ingenic:");
    return { address, soundPort: this.#sound.number, healthPort: this.#health.number };
  }

  /** Sockets of the sound and health ports that are open at the moment. */
  get open(): number {
    return this.#sockets.size;
  }

  /** True while somebody listens. */
  get heard(): boolean {
    return this.#listener !== undefined;
  }

  /** Opens sound and health, as far as they are shut; the picture's port is open already. */
  async listen(): Promise<void> {
    for (const port of [this.#sound, this.#health]) {
      if (port.server) continue;
      port.server = createServer((socket) => this.#greet(socket, port));
      port.server.listen(port.number, "127.0.0.1");
      await once(port.server, "listening");
      port.number = (port.server.address() as { port: number }).port;
    }
  }

  /** The microphone hears one block; a block that nobody listens to is lost. Its samples count up. */
  hear(samples = this.#block()): void {
    const timestampUs = this.#clock.nowUs() - this.#bootUs;
    this.#blocks++;
    const record = encodeRecord({
      type: "sound",
      sampleRateHz: this.#options.soundRateHz ?? 16_000,
      channels: 1,
      timestampUs,
      gap: this.#gap,
      samples,
    });
    this.#gap = !this.#listener;
    this.#listener?.write(record);
  }

  /** Notices only after this time that a client has left, at the picture's port and at the sound's. */
  letGo(ms: number): void {
    this.video.letGo(ms);
    this.#letGoMs = ms;
  }

  /** Bytes that are no record: a firmware that lost its way, or another program at the port. */
  babble(bytes: number): void {
    this.#listener?.write(new Uint8Array(bytes).fill(0x55));
  }

  /** The sound port alone is closed and its client reset. */
  async loseSound(): Promise<void> {
    await this.#shut(this.#sound);
  }

  /** Power off: every connection is reset and the ports are closed. */
  async powerOff(): Promise<void> {
    await this.video.powerOff();
    await this.#shut(this.#sound);
    await this.#shut(this.#health);
  }

  /** Off and on again on the same ports. */
  async reboot(): Promise<void> {
    await this.powerOff();
    await this.listen();
    await this.video.listen();
  }

  /** Hears blocks at the pace at which they sound until the fake is disposed. */
  async run(): Promise<void> {
    const startUs = this.#clock.nowUs();
    try {
      for (let n = 1; ; n++) {
        await this.#clock.sleep(Math.max(0, (startUs - this.#clock.nowUs()) / 1000 + n * 20), this.#over.signal);
        this.hear();
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    this.speaker[Symbol.dispose]();
    await this.powerOff();
    await this.video[Symbol.asyncDispose]();
  }

  async #shut(port: Port): Promise<void> {
    const { server } = port;
    port.server = undefined;
    if (!server) return;
    server.close();
    for (const socket of this.#sockets) if (socket.localPort === port.number) resetSocket(socket);
    await once(server, "close");
  }

  #block(): Uint8Array {
    const samples = new Int16Array((this.#options.soundRateHz ?? 16_000) / 50).map((_, i) => this.#blocks * 31 + i * 7);
    return new Uint8Array(samples.buffer);
  }

  #greet(socket: Socket, port: Port): void {
    const { token } = this.#options;
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
    if (token === undefined) {
      port.accept(socket);
      return;
    }
    socket.once("data", (line) => {
      if (line.toString() === `${token}\n`) {
        port.accept(socket);
        return;
      }
      this.counters.refused++;
      socket.end();
    });
  }

  #acceptListener(socket: Socket): void {
    this.counters.soundConnections++;
    if (this.#listener) {
      this.counters.stolen++;
      this.#listener.end();
    }
    this.#listener = socket;
    this.#told = "";
    this.#tell();
    const reader = new RecordReader();
    socket.on("data", (bytes: Buffer) => {
      try {
        for (const record of reader.push(bytes)) if (record.type === "speech") this.speaker.hear(socket, record);
      } catch {
        socket.destroy();
      }
    });
    const left = () => {
      this.speaker.left(socket);
      if (this.#listener === socket) this.#listener = undefined;
    };
    socket.on("close", () => (this.#letGoMs > 0 ? this.#clock.timer(this.#letGoMs, left) : left()));
  }

  #tell(): void {
    const socket = this.#listener;
    if (!socket) return;
    const state: SpeakerRecord = this.speaker.state(socket);
    const text = JSON.stringify(state);
    if (text === this.#told) return;
    this.#told = text;
    socket.write(encodeRecord(state));
  }

  #acceptAsker(socket: Socket): void {
    this.counters.healthRequests++;
    const { soundRateHz = 16_000 } = this.#options;
    const { sampleRateHz: rateHz, channels, busy, taken } = this.speaker.state(socket);
    const line = {
      hook: "1",
      uptimeMs: Math.round((this.#clock.nowUs() - this.#bootUs) / 1000),
      soc: "T31",
      codec: this.#options.codec,
      channel: 0,
      frames: this.video.counters.units,
      clients: this.video.open,
      lost: { full: 0, oversize: 0, malformed: 0 },
      sound: { clients: this.#listener ? 1 : 0, rateHz: soundRateHz, blocks: this.#blocks },
      talk: { rateHz, channels, busy, taken },
    };
    socket.end(`${JSON.stringify(line)}\n`);
  }
}

/** Starts a fake with all three ports. Its owner disposes it. */
export async function startFakeIngenic(options: FakeIngenicOptions): Promise<FakeIngenic> {
  const fake = new FakeIngenic(await startFake(options), options);
  await fake.listen();
  if (options.microphone) void fake.run();
  return fake;
}
