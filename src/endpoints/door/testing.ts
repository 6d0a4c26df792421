import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { DoorFraming, type DoorPiece } from "../../protocols/door/framing.ts";
import { type DoorObject, parseDoorLine, writeDoorLine } from "../../protocols/door/parse.ts";

/** One connection at a {@link ScriptedHost}. */
export interface HostConnection {
  readonly socket: Socket;
  /** The next message or frame of sound. */
  next(): Promise<DoorObject>;
  say(message: DoorObject): void;
}

/** A host that does what a test says: it takes connections and messages, and answers nothing by itself. */
export interface ScriptedHost extends AsyncDisposable {
  readonly port: number;
  /** The next connection. */
  connection(): Promise<HostConnection>;
}

/** Something that comes one after the other, to whoever waits for it. */
class Inbox<T> {
  readonly #there: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  push(item: T): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(item);
    else this.#there.push(item);
  }

  next(): Promise<T> {
    const item = this.#there.shift();
    return item === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(item);
  }
}

/** Opens one on loopback. For tests. */
export async function openScriptedHost(): Promise<ScriptedHost> {
  const connections = new Inbox<HostConnection>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    connections.push(serve(socket));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    connection: () => connections.next(),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function serve(socket: Socket): HostConnection {
  const messages = new Inbox<DoorObject>();
  const framing = new DoorFraming();
  framing.registered({ binary: true });
  socket.on("error", () => {}); // the test destroys it
  socket.on("data", (bytes) => {
    for (const piece of framing.push(bytes)) messages.push(objectOf(piece));
  });
  return { socket, next: () => messages.next(), say: (message) => socket.write(writeDoorLine(message)) };
}

function objectOf(piece: DoorPiece): DoorObject {
  if (piece.type === "line") return parseDoorLine(piece.line);
  return piece.type === "sound" ? { ...piece.sound, type: "binary" } : { type: piece.type };
}
