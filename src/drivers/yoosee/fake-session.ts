import { connect, type Socket } from "node:net";
import type { Clock } from "../../util/clock.ts";
import { WireError } from "../../util/errors.ts";
import { resetSocket } from "../../util/reset-socket.ts";
import type { FakeYooseeEvent, FakeYooseeScript } from "./fake-script.ts";
import type { ProfileName } from "./profile.ts";
import { type Message, parseMessage, parseRecord, recordBytes } from "./wire.ts";

/** What a connection needs of the camera that it belongs to. */
export interface FakeTalkHost {
  readonly script: FakeYooseeScript;
  readonly clock: Clock;
  readonly counters: { malformed: number };
  /** A talker asks for the speaker; gives the end of the status line. */
  open(session: FakeTalkSession): string;
  /** CLOSE, on whatever connection, silences the camera. */
  close(): string;
  /** One record's PCM. */
  hear(pcm: Uint8Array): void;
  note(event: FakeYooseeEvent): void;
}

/** One connection to a fake camera: control requests and fixed-size records on one stream. */
export class FakeTalkSession {
  readonly #socket: Socket;
  readonly #camera: FakeTalkHost;
  readonly #rtspPort: number | undefined;
  #unread: Buffer = Buffer.alloc(0);
  #fresh = true;

  constructor(socket: Socket, camera: FakeTalkHost, rtspPort?: number) {
    this.#socket = socket;
    this.#camera = camera;
    this.#rtspPort = rtspPort;
    socket.on("error", () => {});
    socket.on("data", this.#onData);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  reset(): void {
    resetSocket(this.#socket);
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    try {
      while (this.#unread.length > 0 && this.#step()) this.#fresh = false;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#camera.counters.malformed++;
      this.#socket.destroy();
    }
  };

  /** Takes one record or request; false when more bytes are needed or another owns the socket. */
  #step(): boolean {
    if (this.#unread[0] === 0x24) {
      const record = parseRecord(this.#unread);
      if (!record) return false;
      if (record.channel !== 2 || !this.#camera.script.dialects.includes(record.form))
        this.#camera.counters.malformed++;
      else this.#camera.hear(record.pcm);
      this.#unread = this.#unread.subarray(recordBytes);
      return true;
    }
    const message = parseMessage(this.#unread);
    if (!message) return false;
    if (this.#fresh && this.#rtspPort && !message.startLine.startsWith("USER_CMD_SET "))
      return this.#handOver(this.#rtspPort);
    const text = this.#unread.subarray(0, message.bytes).toString("latin1");
    this.#unread = this.#unread.subarray(message.bytes);
    this.#answer(message, text);
    return true;
  }

  #handOver(port: number): false {
    const socket = this.#socket;
    socket.off("data", this.#onData);
    const server = connect({ port, host: "127.0.0.1", noDelay: true });
    server.on("error", () => socket.destroy());
    server.on("close", () => socket.destroy());
    socket.on("close", () => server.destroy());
    server.write(this.#unread);
    this.#unread = Buffer.alloc(0);
    socket.pipe(server).pipe(socket);
    return false;
  }

  #answer(message: Message, text: string): void {
    const control = readControl(message);
    const status = this.#status(message, control);
    const verb = control?.verb ?? message.startLine.split(" ")[0] ?? "";
    this.#camera.note({
      type: "control",
      verb,
      text,
      status: Number(status.slice(0, 3)),
      atUs: this.#camera.clock.nowUs(),
    });
    if (verb === "OPEN" && this.#camera.script.mute) return;
    if (verb === "CLOSE" && !this.#camera.script.answersClose) return;
    const publicMethods =
      verb === "OPTIONS" ? "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, USER_CMD_SET\r\n" : "";
    this.#reply(`RTSP/1.0 ${status}\r\nCSeq: ${message.headers.get("cseq") ?? ""}\r\n${publicMethods}\r\n`);
  }

  #status(message: Message, control: Control | undefined): string {
    if (message.startLine.startsWith("OPTIONS ")) return "200 OK";
    if (!control || !this.#camera.script.dialects.includes(control.dialect)) return "400 Bad Request";
    return control.verb === "OPEN" ? this.#camera.open(this) : this.#camera.close();
  }

  #reply(text: string): void {
    const { replyDelayMs } = this.#camera.script;
    if (replyDelayMs > 0) this.#camera.clock.timer(replyDelayMs, () => this.#write(text));
    else this.#write(text);
  }

  #write(text: string): void {
    if (!this.#camera.script.splitReply) {
      this.#socket.write(text, "latin1");
      return;
    }
    this.#socket.write(text.slice(0, 11), "latin1");
    setImmediate(() => setImmediate(() => this.#socket.write(text.slice(11), "latin1")));
  }
}

interface Control {
  readonly dialect: ProfileName;
  readonly verb: "OPEN" | "CLOSE";
}

/** Which dialect a request is in, as strictly as the firmwares are said to be. */
function readControl(message: Message): Control | undefined {
  if (!/^USER_CMD_SET rtsp:\/\/\S+ RTSP\/1\.0$/.test(message.startLine)) return undefined;
  const type = message.headers.get("content-type");
  const classic = /^AudioCtlCmd:(OPEN|CLOSE)$/.exec(type ?? "");
  if (classic && message.headers.get("content-length") === "strlen(Content-type)") {
    return { dialect: "classic", verb: classic[1] as Control["verb"] };
  }
  const verb = message.headers.get("audioctlcmd");
  if (type === "" && (verb === "OPEN" || verb === "CLOSE")) return { dialect: "gwell", verb };
  return undefined;
}
