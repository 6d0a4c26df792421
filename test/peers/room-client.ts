import { once } from "node:events";
import WebSocket from "ws";

/** One message of the hub. */
export interface Told {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A client of the room intercom as its page is on the wire: what it was told, and the sound that it was sent. */
export interface RoomClient extends AsyncDisposable {
  readonly told: readonly Told[];
  readonly sound: readonly Buffer[];
  say(message: unknown): void;
  send(sound: Uint8Array): void;
  /** The first message of a type, and with these fields, that comes after the last one that was waited for. */
  next(type: string, fields?: Readonly<Record<string, unknown>>): Promise<Told>;
  /** Resolves when so many frames of sound have come. */
  heard(frames: number): Promise<void>;
  readonly socket: WebSocket;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** Options of {@link roomClient}. */
export interface RoomClientOptions {
  /** Says who it is at once. */
  readonly name?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Behind the address. */
  readonly query?: string;
}

/** Connects. Rejects with `Unexpected server response: <status>` when it is not let on. */
export async function roomClient(url: string, options: RoomClientOptions = {}): Promise<RoomClient> {
  const { name, token, headers, query = "" } = options;
  const socket = new WebSocket(`${url}${query}`, {
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
  });
  const told: Told[] = [];
  const sound: Buffer[] = [];
  let seen = 0;
  const came = new EventTarget();
  socket.on("message", (data, isBinary) => {
    if (isBinary) sound.push(data as Buffer);
    else told.push(JSON.parse(String(data)) as Told);
    came.dispatchEvent(new Event("came"));
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once("close", (code, reason) => {
      resolve({ code, reason: String(reason) });
      came.dispatchEvent(new Event("came"));
    });
  });
  await once(socket, "open");
  const say = (message: unknown) => socket.send(JSON.stringify(message));
  if (name !== undefined) say({ type: "identify", client_id: name });
  const more = async (what: string) => {
    if (socket.readyState === WebSocket.CLOSED) throw new Error(`closed before ${what}; told ${JSON.stringify(told)}`);
    const signal = AbortSignal.timeout(8000);
    await once(came, "came", { signal }).catch(() => {
      throw new Error(`nothing came while waiting for ${what}; told ${JSON.stringify(told)}`);
    });
  };
  return {
    told,
    sound,
    socket,
    closed,
    say,
    send: (bytes) => socket.send(bytes),
    next: async (type, fields = {}) => {
      for (;;) {
        const at = told.findIndex((message, index) => index >= seen && fits(message, { type, ...fields }));
        if (at >= 0) {
          seen = at + 1;
          return told[at]!;
        }
        await more(`${type} ${JSON.stringify(fields)}`);
      }
    },
    heard: async (frames) => {
      while (sound.length < frames) await more(`${frames} frames, of which ${sound.length} came`);
    },
    [Symbol.asyncDispose]: async () => {
      socket.close();
      const timer = setTimeout(() => socket.terminate(), 500);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** 20 ms of a sound that is told from any other by its number. */
export function numbered(n: number, samples = 320): Buffer {
  const pcm = Buffer.alloc(samples * 2);
  for (let at = 0; at < samples; at++) pcm.writeInt16LE(((n * 331 + at * 7) % 20_000) - 10_000, at * 2);
  return pcm;
}

function fits(message: Told, wanted: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(([field, value]) => JSON.stringify(message[field]) === JSON.stringify(value));
}
