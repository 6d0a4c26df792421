import type { Socket } from "node:net";
import { type DoorSound, writeBinaryFrame } from "../../protocols/door/binary.ts";
import { DoorFraming, type DoorPiece } from "../../protocols/door/framing.ts";
import { doorLimits } from "../../protocols/door/limits.ts";
import {
  type DoorFeature,
  type DoorRole,
  doorFeatures,
  type FromHub,
  type ToHub,
} from "../../protocols/door/messages.ts";
import { type DoorObject, parseDoorLine, parseRegister, parseToHub } from "../../protocols/door/parse.ts";
import type { DoorReasonWord } from "../../protocols/door/reasons.ts";
import { checkSound, type SoundWay, soundOf, writeSoundLine } from "../../protocols/door/sound.ts";
import type { Clock } from "../../util/clock.ts";
import { WireError } from "../../util/errors.ts";
import { every } from "../../util/every.ts";
import type { Log } from "../../util/log.ts";
import type { TcpEnds } from "../../util/retransmits.ts";
import { Outbox } from "./outbox.ts";

/** Who is at the other end, once it is registered: what its messages do. */
export interface Party {
  /** A message of its role, checked. Throws WireError whose code is the reason to be told. */
  receive(message: Exclude<ToHub, { readonly type: "register" | "audio_frame" | "ping" | "pong" | "close" }>): void;
  /** Sound of a stream; `data` is its base64 where it came so. Throws WireError. */
  sound(sound: DoorSound, data?: string): void;
  /** The connection is over. Called once. */
  left(): void;
}

/** Sound as it is passed on: samples, or their base64, whichever is there. */
export interface PassedSound extends Omit<DoorSound, "pcm" | "toClient"> {
  readonly pcm?: Uint8Array | undefined;
  readonly data?: string | undefined;
}

/** Options of {@link Connection}. */
export interface ConnectionOptions {
  readonly socket: Socket;
  readonly address: string;
  /** Time left until it has to be registered. */
  readonly registerMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Lets it in. Throws WireError whose code is the reason to be told; the connection ends then. */
  readonly register: (register: ToHub<"register">, connection: Connection) => Promise<Party>;
}

/** Malformed messages that a connection may send at once, and again each ten seconds. */
const patience = 60;
const patienceMs = 10_000;
const goodbyeMs = 500;

/** One connection: reads it, lets it in, and hands on what it says until either end closes. */
export class Connection {
  readonly outbox: Outbox;
  readonly address: string;
  features: ReadonlySet<DoorFeature> = new Set();
  role: DoorRole | undefined;
  #party: Party | undefined;
  #errors = patience;
  #quietPings = 0;
  #heardUs: number;
  readonly #over = new AbortController();
  readonly #held = new DisposableStack();
  readonly #framing = new DoorFraming();
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.address = options.address;
    this.#heardUs = options.clock.nowUs();
    this.outbox = this.#held.use(
      new Outbox({
        socket: options.socket,
        clock: options.clock,
        // Not `stream_id`: older programs end a stream that an error names so.
        onDropped: (dropped) => {
          for (const [stream, frames] of dropped) this.tell("audio_dropped", { stream, frames });
        },
        onStuck: () => this.#drop(),
      }),
    );
  }

  /** Aborts when the connection is over. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** When something last came, µs. */
  get heardUs(): number {
    return this.#heardUs;
  }

  /** The two ends, as the kernel knows them; undefined once it is closed. */
  get ends(): TcpEnds | undefined {
    const { localPort, remoteAddress, remotePort } = this.#options.socket;
    if (localPort === undefined || remoteAddress === undefined || remotePort === undefined) return undefined;
    return { localPort, remoteAddress, remotePort };
  }

  /** The way to the other end is gone: nothing is said to it any more. */
  lost(): void {
    this.#drop();
  }

  /** Serves it to its end. Never rejects. */
  async serve(): Promise<void> {
    const { socket, clock, log, registerMs } = this.#options;
    socket.once("close", () => this.#ended());
    const deadline = clock.timer(registerMs, () => this.end("registration_timeout"));
    try {
      for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
        this.#heardUs = clock.nowUs();
        for (const piece of this.#framing.push(chunk)) {
          if (this.#over.signal.aborted) return;
          if (this.#party) this.#take(piece, this.#party);
          else await this.#register(piece);
          if (this.#party) deadline[Symbol.dispose]();
        }
      }
    } catch (error) {
      if (error instanceof WireError) this.end(error.code, { message: error.message });
      else if (!this.#over.signal.aborted && !isNetwork(error)) {
        log.error({ err: error, address: this.address }, "a door connection failed");
        this.end("internal_error");
      }
    } finally {
      deadline[Symbol.dispose]();
      this.#hangUp();
    }
  }

  /** Sends a message. */
  say(message: FromHub): void {
    this.outbox.say(message);
  }

  /** Tells an error; the connection goes on. */
  tell(reason: DoorReasonWord | (string & {}), details?: DoorObject, commandId?: string): void {
    const about = { ...(commandId !== undefined && { command_id: commandId }), ...(details && { details }) };
    this.say({ type: "error", reason, ...about });
  }

  /** Sends sound in the form that was agreed. */
  pass(sound: PassedSound, way: SoundWay): void {
    const { streamId, data, pcm = Buffer.from(data ?? "", "base64") } = sound;
    const bytes = this.features.has("binary")
      ? writeBinaryFrame({ ...sound, pcm, toClient: way.direction === "intercom_to_client" })
      : writeSoundLine({ ...sound, data: data ?? Buffer.from(pcm).toString("base64") }, way);
    this.outbox.sound(streamId, bytes);
  }

  /** Ends the connection and says why. */
  end(reason: DoorReasonWord | (string & {}), details?: DoorObject): void {
    if (this.#over.signal.aborted) return;
    this.tell(reason, details);
    this.#hangUp();
  }

  /** Ends the connection: the hub is shutting down. */
  close(): void {
    if (this.#over.signal.aborted) return;
    this.say({ type: "close" });
    this.#hangUp();
  }

  #hangUp(): void {
    if (this.#over.signal.aborted) return;
    const { socket, clock } = this.#options;
    socket.end();
    // What it still sends is thrown away, so that it reads our last word and not a reset.
    socket.resume();
    clock.timer(goodbyeMs, () => socket.destroy());
    this.#ended();
  }

  #drop(): void {
    this.#options.socket.destroy();
    this.#ended();
  }

  #ended(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#party?.left();
    this.#held.dispose();
  }

  async #register(piece: DoorPiece): Promise<void> {
    if (piece.type !== "line") throw new WireError("too long for a registration", { code: "line_too_long" });
    const message = readFirst(piece.line);
    this.features = new Set((message.features ?? []).filter(isFeature));
    this.role = message.role;
    const party = await this.#options.register(message, this);
    if (this.#over.signal.aborted) {
      party.left();
      return;
    }
    this.#party = party;
    this.#framing.registered({ binary: this.features.has("binary") });
    this.#watch();
  }

  #take(piece: DoorPiece, party: Party): void {
    this.#quietPings = 0;
    try {
      if (piece.type === "too-long") throw tooLong();
      if (piece.type === "sound") {
        checkSound(piece.sound);
        party.sound(piece.sound);
        return;
      }
      this.#message(parseToHub(parseDoorLine(piece.line), this.role ?? "intercom"), party);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#complain(error);
    }
  }

  #message(message: ToHub, party: Party): void {
    switch (message.type) {
      case "audio_frame":
        party.sound(soundOf(message), message.data);
        return;
      case "ping":
        this.say({ type: "pong" });
        return;
      case "close":
        this.#hangUp();
        return;
      case "pong":
      case "register":
        return;
      default:
        party.receive(message);
        return;
    }
  }

  #complain(error: WireError): void {
    if (--this.#errors < 0) {
      this.end("too_many_errors");
      return;
    }
    const { command_id: commandId, ...details } = error.fields;
    const about = Object.keys(details).length > 0 ? { ...details, message: error.message } : undefined;
    const id = typeof commandId === "string" ? commandId : undefined;
    // The command's id stands in both places: where this protocol has it, and where older programs may look.
    this.tell(error.code, id === undefined ? about : { ...about, command_id: id, message: error.message }, id);
  }

  /** Pings who announced it; forgives. */
  #watch(): void {
    const { clock } = this.#options;
    this.#held.use(
      every(clock, patienceMs, () => {
        this.#errors = patience;
      }),
    );
    if (!this.features.has("ping")) return;
    this.#held.use(
      every(clock, doorLimits.pingMs.value, () => {
        if (this.#quietPings++ >= 2) this.#drop();
        else this.say({ type: "ping" });
      }),
    );
  }
}

function readFirst(line: Uint8Array): ToHub<"register"> {
  return parseRegister(parseDoorLine(line));
}

function isFeature(word: string): word is DoorFeature {
  return Object.hasOwn(doorFeatures, word);
}

function tooLong(): WireError {
  return new WireError(`a line of over ${doorLimits.lineBytes.value} bytes was passed over`, { code: "line_too_long" });
}

/** The other end, or the way to it, is gone: nothing is wrong here. */
function isNetwork(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException | undefined)?.code === "string";
}
