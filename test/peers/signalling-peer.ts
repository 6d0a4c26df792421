import { once } from "node:events";
import WebSocket from "ws";

/** One message of the agents' protocol (seed 002). */
export interface SignalTold {
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly request_id?: string | null;
}

/** An agent or a viewer on the wire, written from the protocol's page: what it says, and what it was told. */
export interface SignallingPeer extends AsyncDisposable {
  readonly told: readonly SignalTold[];
  readonly socket: WebSocket;
  say(type: string, payload?: object, requestId?: string): void;
  /** The first message of a type that comes after the last one that was waited for. */
  next(type: string): Promise<SignalTold>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** Connects to `/ws/device` or `/ws/viewer`, and says hello where it is given. */
export async function signallingPeer(
  url: string,
  how: { readonly hello?: object; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<SignallingPeer> {
  const socket = new WebSocket(url, { headers: { ...how.headers } });
  const told: SignalTold[] = [];
  let seen = 0;
  const came = new EventTarget();
  socket.on("message", (data) => {
    told.push(JSON.parse(String(data)) as SignalTold);
    came.dispatchEvent(new Event("came"));
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once("close", (code, reason) => {
      resolve({ code, reason: String(reason) });
      came.dispatchEvent(new Event("came"));
    });
  });
  await once(socket, "open");
  const say: SignallingPeer["say"] = (type, payload = {}, requestId) =>
    socket.send(
      JSON.stringify({
        type,
        ts: "2026-01-01T00:00:00.000000",
        payload,
        ...(requestId !== undefined && { request_id: requestId }),
      }),
    );
  if (how.hello) say("hello", how.hello);
  return {
    told,
    socket,
    say,
    closed,
    next: async (type) => {
      for (;;) {
        const at = told.findIndex((message, index) => index >= seen && message.type === type);
        if (at >= 0) {
          seen = at + 1;
          return told[at]!;
        }
        if (socket.readyState === WebSocket.CLOSED) {
          throw new Error(`closed before ${type}; told ${JSON.stringify(told)}`);
        }
        await once(came, "came", { signal: AbortSignal.timeout(8000) }).catch(() => {
          throw new Error(`nothing came while waiting for ${type}; told ${JSON.stringify(told)}`);
        });
      }
    },
    [Symbol.asyncDispose]: async () => {
      socket.close();
      const timer = setTimeout(() => socket.terminate(), 500);
      await closed;
      clearTimeout(timer);
    },
  };
}
