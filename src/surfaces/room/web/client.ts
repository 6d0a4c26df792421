import type { RawData, WebSocket } from "ws";
import type { ClientDevice, ClientDeviceEnd } from "./client-device.ts";
import { ClientTalk, type ClientTalkOptions, type Talker } from "./client-talk.ts";
import { type ClientMessage, type ClientStatus, type HubToldMessage, parseClientMessage } from "./messages.ts";
import { SoundOut } from "./sound-out.ts";
import type { Who } from "./who.ts";

/** What a client says of itself. */
export type Identify = Extract<ClientMessage, { readonly type: "identify" }>;

/** What a client wants of the house. */
export interface ClientHost {
  /** It says who it is. */
  identify(client: Client, as: Identify): void;
  call(client: Client, target: string): void;
  chooseChime(client: Client, chime: string): void;
  settings(client: Client, change: { volume?: number; muted?: boolean; doNotDisturb?: boolean }): void;
  /** Tells the client whom it can speak to now, and the chimes. */
  tellTargets(client: Client): void;
  tellChimes(client: Client): void;
}

/** Options of {@link Client}. */
export interface ClientOptions extends Pick<ClientTalkOptions, "hub" | "stations" | "emergency" | "hubName"> {
  readonly socket: WebSocket;
  readonly address: string;
  /** A device's token that its connection showed. */
  readonly token: string | undefined;
  /** Its sound comes without the byte of priority. */
  readonly plain: boolean;
  readonly host: ClientHost;
}

/** The original pings at this pace; a client that answers nothing until the next one is gone. */
const pingMs = 25_000;
/** So long may a connection be nobody's. */
const strangerMs = 10_000;
/** Messages that a client may send at once, and again each second. */
const messageBurst = 40;
/** The same of sound, in bytes: three times what anybody speaks. */
const soundBurst = 96_000;
/** A client that does not read what it is told for so many bytes is let go. */
const maxBufferedBytes = 256 * 1024;

/** One connection of a client, from its beginning to its end. */
export class Client implements ClientDeviceEnd {
  readonly address: string;
  readonly out: SoundOut;
  /** What its connection, or its name, showed. */
  token: string | undefined;
  /** Undefined until it may do something. */
  who: Who | undefined;
  /** Who it said it is. */
  identity: Identify | undefined;
  /** The device that it is, once it was let in. */
  device: ClientDevice | undefined;
  /** Frames of sound that came from it, and when the first and the last came; wall-clock milliseconds. */
  readonly came = { frames: 0, bytes: 0, firstMs: 0, lastMs: 0, priority: 0 };
  /** The last refusal that it was told: the same one is not told again and again. */
  lastRefusal: string | undefined;
  readonly #talk: ClientTalk;
  readonly #options: ClientOptions;
  /** What ends with the connection. */
  readonly held = new DisposableStack();
  #credit = { messages: messageBurst, sound: soundBurst, sinceUs: 0 };
  #heard = true;
  #beat: Disposable | undefined;
  #status: ClientStatus = "idle";
  #targets = "";

  constructor(options: ClientOptions) {
    this.#options = options;
    const { socket, hub, stations, emergency, hubName } = options;
    this.address = options.address;
    this.token = options.token;
    this.out = new SoundOut(socket);
    this.#credit.sinceUs = hub.clock.nowUs();
    this.#talk = new ClientTalk({
      hub,
      stations,
      emergency,
      hubName,
      tell: (message) => this.tell(message),
      onChange: (tell) => this.#settle(tell),
    });
  }

  /** What it is called, by itself; empty before it said so. */
  get name(): string {
    return this.identity?.client_id.trim() ?? "";
  }

  get status(): ClientStatus {
    return this.#status;
  }

  get speaking(): boolean {
    return this.#talk.speaking;
  }

  /** Listens until the socket closes; `onEnd` is called then. */
  start(onEnd: () => void): void {
    const { socket, hub } = this.#options;
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("pong", () => {
      this.#heard = true;
    });
    socket.on("error", (err) => hub.log.debug({ err }, "an intercom client's connection failed")); // "close" follows
    socket.once("close", () => {
      this.#beat?.[Symbol.dispose]();
      this.held.dispose();
      this.#talk[Symbol.dispose]();
      onEnd();
    });
    this.held.use(
      hub.clock.timer(strangerMs, () => {
        if (this.who !== undefined || this.identity !== undefined) return;
        this.close("A client says who it is by identify first.");
      }),
    );
    this.#next();
  }

  tell(message: HubToldMessage): void {
    const { socket } = this.#options;
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > maxBufferedBytes) {
      socket.terminate();
      return;
    }
    socket.send(JSON.stringify(message));
  }

  /** Tells whom it can speak to, if that is news; always when it asked. */
  tellTargets(rooms: readonly string[], how: { readonly asked: boolean }): void {
    const told = JSON.stringify(rooms);
    if (told === this.#targets && !how.asked) return;
    this.#targets = told;
    this.tell({ type: "targets", rooms: [...rooms] });
  }

  /** It is told why, once. */
  refuse(message: string): void {
    if (this.lastRefusal === message) return;
    this.lastRefusal = message;
    this.tell({ type: "error", message });
  }

  /** It may not do that yet: it is told what it was refused for. */
  refuseUnknown(): void {
    this.tell({ type: "error", message: this.lastRefusal ?? "A client says who it is by identify first." });
  }

  /** Ends the connection. */
  close(message: string): void {
    const { socket, hub } = this.#options;
    this.tell({ type: "error", message });
    socket.close(1008, message.slice(0, 100));
    hub.clock.timer(500, () => socket.terminate());
  }

  /** The device that it was is no more its own: it says nothing more under its name. */
  loseDevice(): void {
    const { device } = this;
    this.device = undefined;
    this.#talk.stop();
    device?.leave(this);
    this.#settle();
  }

  sound(frame: Uint8Array): void {
    this.out.push(this.#options.plain ? frame.subarray(1) : frame);
  }

  spoken(speech: "began" | "ended" | "cut off"): void {
    if (speech === "cut off") this.out.cancel();
    this.#settle();
  }

  settings(): void {
    const settings = this.device && this.#options.hub.devices.get(this.device.id)?.settings;
    if (!settings) return;
    this.tell({ type: "volume", volume: Math.min(100, Math.round(settings.volume * 100)) });
    this.tell({ type: "mute", muted: settings.muted });
    this.tell({ type: "dnd", enabled: settings.doNotDisturb });
  }

  replaced(): void {
    this.#talk.stop();
    this.out.cancel();
    this.tell({
      type: "error",
      message: `${this.name} was opened in another place, where it rings and speaks now. Press to talk here to have it back.`,
    });
    this.#settle();
  }

  #receive(data: RawData, isBinary: boolean): void {
    const { socket } = this.#options;
    this.#heard = true;
    if (socket.readyState !== socket.OPEN) return;
    const bytes = data as Buffer;
    if (!this.#pay(isBinary ? { sound: bytes.length } : { messages: 1 })) {
      this.close(isBinary ? "Sound came faster than anybody speaks." : "Too many messages.");
      return;
    }
    if (isBinary) {
      this.#sound(bytes);
      return;
    }
    const message = parseClientMessage(bytes.toString("utf8"));
    if (typeof message === "string") {
      this.tell({ type: "error", message });
      return;
    }
    try {
      this.#handle(message);
    } catch (err) {
      this.#options.hub.log.error({ err, type: message.type }, "an intercom client's message failed");
      this.tell({ type: "error", message: "Something went wrong in the hub; its log says more." });
    }
  }

  #handle(message: ClientMessage): void {
    const { host } = this.#options;
    switch (message.type) {
      case "identify":
        host.identify(this, message);
        return;
      case "get_state":
        this.tell({ type: "state", status: this.#status });
        host.tellTargets(this);
        host.tellChimes(this);
        return;
      case "set_target":
        return;
      case "ptt_start":
        this.#press(message);
        return;
      case "ptt_stop":
        this.#talk.stop();
        this.#settle("anyway");
        return;
      case "call":
        host.call(this, message.target);
        return;
      case "set_chime":
        host.chooseChime(this, message.chime);
        return;
      case "volume":
        host.settings(this, { volume: message.volume / 100 });
        return;
      case "mute":
        host.settings(this, { muted: message.muted });
        return;
      case "dnd":
        host.settings(this, { doNotDisturb: message.enabled });
        return;
    }
  }

  #press(press: Extract<ClientMessage, { readonly type: "ptt_start" }>): void {
    const talker = this.talker();
    if (!talker) {
      this.refuseUnknown();
      this.#settle("anyway");
      return;
    }
    this.device?.enter(this);
    this.came.priority = press.priority;
    this.#talk.start(press, talker);
  }

  /** Who speaks when this client does; undefined while it may not. */
  talker(): Talker | undefined {
    const { who, name, device } = this;
    if (!who || (who.kind === "guest" && !device)) return undefined;
    const called = (device && this.#options.hub.devices.get(device.id)?.name) ?? name;
    const own = who.kind === "known" ? who.principal.name : "Web";
    return { who, name: called === "" ? own : called, deviceId: device?.id };
  }

  #sound(bytes: Buffer): void {
    const { hub } = this.#options;
    const nowMs = hub.clock.wallMs();
    if (this.came.frames === 0) this.came.firstMs = nowMs;
    this.came.frames++;
    this.came.bytes += bytes.length;
    this.came.lastMs = nowMs;
    this.#talk.sound(bytes);
  }

  /** Tells what it does now, if that is news. */
  #settle(tell?: "anyway"): void {
    const hears = this.device?.spokenTo === true && this.device.isFront(this);
    const status = this.#talk.speaking ? "transmitting" : hears ? "receiving" : "idle";
    if (status === this.#status && tell === undefined) return;
    this.#status = status;
    this.tell({ type: "state", status });
  }

  #pay(cost: { readonly messages?: number; readonly sound?: number }): boolean {
    const nowUs = this.#options.hub.clock.nowUs();
    const seconds = (nowUs - this.#credit.sinceUs) / 1e6;
    this.#credit = {
      messages: Math.min(messageBurst, this.#credit.messages + seconds * messageBurst) - (cost.messages ?? 0),
      sound: Math.min(soundBurst, this.#credit.sound + seconds * soundBurst) - (cost.sound ?? 0),
      sinceUs: nowUs,
    };
    return this.#credit.messages >= 0 && this.#credit.sound >= 0;
  }

  #next(): void {
    const { socket, hub } = this.#options;
    this.#beat = hub.clock.timer(pingMs, () => {
      if (!this.#heard) return socket.terminate();
      this.#heard = false;
      socket.ping();
      this.#next();
    });
  }
}
