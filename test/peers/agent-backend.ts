import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type WebSocket, WebSocketServer } from "ws";
import type { SignalTold } from "./signalling-peer.ts";

/** One session that the backend asked an agent for, from the viewer's side. */
export interface BackendSession {
  readonly id: string;
  say(type: string, payload?: object): void;
  /** The next message of a type about this session. */
  next(type: string): Promise<SignalTold>;
}

/** A backend of the agents' protocol, written from the protocol's page: it lets anybody in and brings viewers. */
export interface AgentBackend extends AsyncDisposable {
  readonly url: string;
  /** Resolves when an agent has said hello. */
  readonly agent: Promise<void>;
  /** Asks the agent for a session. */
  watch(): BackendSession;
}

/** Starts one on a free port of loopback. */
export async function startAgentBackend(): Promise<AgentBackend> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const here = Promise.withResolvers<void>();
  const told: SignalTold[] = [];
  const came = new EventTarget();
  let agent: WebSocket | undefined;
  const say = (type: string, payload: object) =>
    agent?.send(JSON.stringify({ type, ts: "2026-01-01T00:00:00.000000", payload }));
  server.on("connection", (socket) => {
    agent = socket;
    socket.on("message", (data) => {
      const message = JSON.parse(String(data)) as SignalTold;
      if (message.type === "heartbeat") return say("heartbeat_ack", {});
      if (message.type === "hello") {
        say("hello_ack", { device_id: message.payload["device_id"], server_time: "2026-01-01T00:00:00" });
        return here.resolve();
      }
      told.push(message);
      came.dispatchEvent(new Event("came"));
    });
  });
  const next = async (id: string, type: string): Promise<SignalTold> => {
    for (;;) {
      const at = told.findIndex((one) => one.type === type && one.payload["session_id"] === id);
      if (at >= 0) return told.splice(at, 1)[0] as SignalTold;
      await once(came, "came", { signal: AbortSignal.timeout(60_000) });
    }
  };
  const address = server.address() as { readonly port: number };
  return {
    url: `ws://127.0.0.1:${address.port}/ws/device`,
    agent: here.promise,
    watch: () => {
      const id = randomUUID();
      say("watch_request", { session_id: id, user_id: "ann", ice_servers: [] });
      return {
        id,
        say: (type, payload = {}) => say(type, { session_id: id, ...payload }),
        next: (type) => next(id, type),
      };
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
