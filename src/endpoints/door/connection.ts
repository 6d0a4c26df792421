import { connect, type Socket } from "node:net";
import { type DoorSound, writeBinaryFrame } from "../../protocols/door/binary.ts";
import { DoorFraming, type DoorPiece } from "../../protocols/door/framing.ts";
import { doorLimits } from "../../protocols/door/limits.ts";
import type { DoorFeature, DoorRole, FromHub, ToHub } from "../../protocols/door/messages.ts";
import { type DoorObject, parseDoorLine, parseFromHub, writeDoorLine } from "../../protocols/door/parse.ts";
import { doorEncoding, soundOf } from "../../protocols/door/sound.ts";
import type { Clock } from "../../util/clock.ts";
import { isAbort, messageOf, WireError } from "../../util/errors.ts";
import { every } from "../../util/every.ts";
import type { Log } from "../../util/log.ts";
import { networkReason } from "../../util/network-reason.ts";
import { tls as nodeTls } from "../../util/node-tls.ts";
import { isUntrusted, untrustedText } from "../../util/untrusted.ts";
import { DoorRefusal, refusalOf } from "./refusal.ts";

/** Where the hub is, and how it is spoken to. */
export interface DoorAddress {
  readonly host: string;
  /** 8765 unless told. */
  readonly port?: number;
  /** TLS, with the certificate authorities (PEM) that are trusted beside the system's. */
  readonly tls?: { readonly ca?: string } | undefined;
}

/** What comes by a connection. Pings are answered already. */
export interface DoorIncoming {
  /** The host took the registration; called before anything that it says after that. */
  readonly onRegistered: (connection: DoorConnection) => void;
  readonly onMessage: (message: FromHub) => void;
  readonly onSound: (sound: DoorSound) => void;
}

/** Options of {@link DoorConnection.open}. */
export interface ConnectionOptions extends DoorIncoming {
  readonly address: DoorAddress;
  readonly role: DoorRole;
  readonly clientId: string;
  readonly token?: string | undefined;
  readonly features: readonly DoorFeature[];
  /** A station's own sound. */
  readonly audio?: ToHub<"register">["audio"];
  readonly clock: Clock;
  readonly log: Log;
}

/** Frames that wait for a connection that is slower than they are; then the oldest is left out. */
const maxWaiting = 8;
const connectMs = 10_000;
/** For what was said last to leave. */
const lastWordsMs = 2000;
/** What the original host takes in one line (asyncio's own limit). */
const plainLineBytes = 65_536;
const aroundSamplesBytes = 512;

/** One connection to a hub, from its registration to its end. */
export class DoorConnection {
  /** What both ends can beyond the original protocol. */
  features: ReadonlySet<DoorFeature> = new Set();
  /** The host is Doorward's: it takes `error`, longer lines, and keeps a connection over a mistake. */
  isNewer = false;
  /** Frames that were left out because the connection was too slow. */
  dropped = 0;
  /** Resolves, when it is over, with why. */
  readonly ended: Promise<DoorRefusal>;
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #framing = new DoorFraming();
  readonly #ended = Promise.withResolvers<DoorRefusal>();
  readonly #registered = Promise.withResolvers<void>();
  readonly #scope = new DisposableStack();
  #state: "registering" | "open" | "over" = "registering";
  #waiting: DoorSound[] = [];
  #silentPings = 0;

  private constructor(options: ConnectionOptions) {
    this.#options = options;
    this.ended = this.#ended.promise;
    this.#registered.promise.catch(() => {}); // whoever opens it is told; if they have gone, nobody is
    this.#socket = dial(options.address);
    const late = options.clock.timer(connectMs + doorLimits.registerMs.value, () => this.#end(noAnswer()));
    this.#scope.use(late);
    this.#registered.promise.then(
      () => late[Symbol.dispose](),
      () => {},
    );
    this.#socket.once(options.address.tls ? "secureConnect" : "connect", () => this.#register());
    this.#socket.on("data", (bytes) => this.#read(bytes));
    this.#socket.on("drain", () => this.#flush());
    this.#socket.on("error", (cause) => this.#end(unreachable(cause)));
    this.#socket.on("close", () => this.#end(new DoorRefusal("connection_lost", { message: "the connection ended" })));
  }

  /** Connects and registers. Throws {@link DoorRefusal} with the host's reason, or `unreachable`. */
  static async open(options: ConnectionOptions, signal: AbortSignal): Promise<DoorConnection> {
    signal.throwIfAborted();
    const connection = new DoorConnection(options);
    const onAbort = () => connection.close();
    signal.addEventListener("abort", onAbort, { once: true });
    connection.#scope.defer(() => signal.removeEventListener("abort", onAbort));
    await connection.#registered.promise;
    return connection;
  }

  /** The most samples (bytes) that one frame may hold on its way to this host. */
  get maxPcmBytes(): number {
    const line = this.isNewer ? doorLimits.lineBytes.value : plainLineBytes;
    return Math.floor((line - aroundSamplesBytes) / 4) * 3;
  }

  /** Says something; nothing when the connection is over. */
  send(message: ToHub | DoorObject): void {
    if (this.#state === "open") this.#socket.write(writeDoorLine(message as DoorObject));
  }

  /** Sends sound: at once, or when the connection has time for it; of what waits too long the oldest is left out. */
  sendSound(sound: DoorSound): void {
    if (this.#state !== "open") return;
    this.#waiting.push(sound);
    if (this.#waiting.length > maxWaiting) {
      this.#waiting.shift();
      this.dropped++;
    }
    this.#flush();
  }

  /** Forgets the sound of a stream that waits: what comes after its end is a mistake at the original's host. */
  forgetSound(streamId: string): void {
    this.#waiting = this.#waiting.filter((sound) => sound.streamId !== streamId);
  }

  /** Says goodbye and ends it. */
  close(): void {
    this.send({ type: "close" });
    this.#end(new DoorRefusal("closed", { message: "it was closed here" }));
  }

  #register(): void {
    const { role, clientId, token, features, audio } = this.#options;
    this.#socket.setNoDelay(true);
    this.#socket.setKeepAlive(true, doorLimits.pingMs.value);
    const extras = { ...(token !== undefined && { token }), ...(audio && { audio }) };
    const register = { type: "register", role, client_id: clientId, ...extras, features: [...features] };
    this.#socket.write(writeDoorLine(register));
  }

  #flush(): void {
    while (this.#state === "open" && !this.#socket.writableNeedDrain) {
      const sound = this.#waiting.shift();
      if (!sound) return;
      this.#socket.write(this.features.has("binary") ? writeBinaryFrame(sound) : lineOf(sound));
    }
  }

  #read(bytes: Uint8Array): void {
    this.#silentPings = 0;
    try {
      for (const piece of this.#framing.push(bytes)) {
        if (this.#state !== "over") this.#take(piece);
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#end(new DoorRefusal(error.code, { message: `the host sent what cannot be read: ${error.message}` }));
    }
  }

  #take(piece: DoorPiece): void {
    const { log, onSound } = this.#options;
    if (piece.type === "sound") onSound(piece.sound);
    if (piece.type === "too-long") log.warn({}, "a line of the host was too long");
    const message = piece.type === "line" ? this.#parsed(piece.line) : undefined;
    if (!message) return;
    if (this.#state === "open") this.#heard(message);
    else this.#answered(message);
  }

  /** Undefined for what is not understood: a newer host may say more. */
  #parsed(line: Uint8Array): FromHub | undefined {
    try {
      return parseFromHub(parseDoorLine(line));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#options.log.debug({ reason: error.code }, "a message of the host was passed over");
      return undefined;
    }
  }

  #answered(message: FromHub): void {
    if (message.type === "error") this.#end(refusalOf(message));
    if (message.type !== "registered") return;
    const { features: wanted, clock } = this.#options;
    this.isNewer = message.features !== undefined;
    this.features = new Set(wanted.filter((feature) => message.features?.includes(feature)));
    this.#framing.registered({ binary: this.features.has("binary") });
    this.#state = "open";
    if (this.features.has("ping")) this.#scope.use(every(clock, doorLimits.pingMs.value, () => this.#ping()));
    this.#options.onRegistered(this);
    this.#registered.resolve();
  }

  #ping(): void {
    if (++this.#silentPings > 2) this.#end(new DoorRefusal("connection_lost", { message: "it fell silent" }));
    else this.send({ type: "ping" });
  }

  #heard(message: FromHub): void {
    if (message.type === "ping") this.send({ type: "pong" });
    else if (message.type === "audio_frame") this.#heardSound(message);
    else if (message.type === "close") {
      this.#end(new DoorRefusal("connection_lost", { message: "the host said goodbye" }));
    } else this.#options.onMessage(message);
    // The original's host ends the connection after most errors, ours only after those of its list.
    if (message.type === "error" && refusalOf(message).ends) this.#end(refusalOf(message));
  }

  #heardSound(frame: FromHub<"audio_frame">): void {
    try {
      this.#options.onSound({ ...soundOf(frame), toClient: frame.direction === "intercom_to_client" });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#options.log.debug({ reason: error.code }, "sound of the host was passed over");
    }
  }

  #end(why: DoorRefusal): void {
    if (this.#state === "over") return;
    const { clock } = this.#options;
    this.#state = "over";
    this.#waiting = [];
    this.#scope.dispose();
    if (this.#socket.connecting) this.#socket.destroy();
    else this.#socket.destroySoon();
    const stuck = clock.timer(lastWordsMs, () => this.#socket.destroy());
    this.#socket.once("close", () => stuck[Symbol.dispose]());
    this.#registered.reject(why);
    this.#ended.resolve(why);
  }
}

function dial({ host, port = doorLimits.port.value, tls }: DoorAddress): Socket {
  if (!tls) return connect({ host, port });
  return nodeTls().connect({ host, port, servername: /[a-z]/i.test(host) ? host : "", ...(tls.ca && { ca: tls.ca }) });
}

function unreachable(cause: unknown): DoorRefusal {
  if (isUntrusted(cause)) return new DoorRefusal("untrusted", { message: untrustedText, cause });
  const message = isAbort(cause) ? messageOf(cause) : networkReason(cause);
  return new DoorRefusal("unreachable", { message, cause });
}

function noAnswer(): DoorRefusal {
  return new DoorRefusal("unreachable", { message: "nothing answers there in time" });
}

function lineOf(sound: DoorSound): string {
  return writeDoorLine({
    type: "audio_frame",
    stream_id: sound.streamId,
    sequence: sound.sequence,
    encoding: doorEncoding,
    sample_rate: sound.sampleRateHz,
    channels: sound.channels,
    direction: sound.toClient ? "intercom_to_client" : "client_to_intercom",
    data: Buffer.from(sound.pcm.buffer, sound.pcm.byteOffset, sound.pcm.byteLength).toString("base64"),
  });
}
