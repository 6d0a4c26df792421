import { once } from "node:events";
import WebSocket from "ws";
import type { BenchHub } from "./hub.ts";

/** The hub's answer to one request for the floor. */
export interface FloorAnswer {
  readonly state: string;
  readonly reason?: string;
  /** As the page sees it: from its message until the answer is there. */
  readonly tookMs: number;
}

/** The WebSocket of one page, as bench/floor.ts needs it. Its owner disposes it. */
export interface FloorPage extends Disposable {
  /** Asks for the floor with the microphone of a WHEP session; gives the first answer. */
  take(device: string, voice: string): Promise<FloorAnswer>;
  /** Lets go and waits until the hub says so. */
  release(device: string): Promise<void>;
}

const answerMs = 5000;

/** Connects one, signed in. */
export async function openFloorPage(hub: BenchHub): Promise<FloorPage> {
  const origin = hub.url.slice(0, -1);
  const socket = new WebSocket(`${origin.replace("http", "ws")}/api/v1/events`, {
    headers: { cookie: hub.cookie },
    origin,
    perMessageDeflate: false,
  });
  await once(socket, "open");
  let turn = 0;
  const turns = new Map<string, number>();
  const next = (): Promise<{ readonly state: string; readonly reason?: string }> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("the hub does not answer")), answerMs);
      const listen = (data: WebSocket.RawData) => {
        const message = JSON.parse(String(data)) as { type: string; state: string; reason?: string };
        if (message.type !== "talk") return;
        clearTimeout(timer);
        socket.off("message", listen);
        resolve(message);
      };
      socket.on("message", listen);
    });
  return {
    take: async (device, voice) => {
      const answer = next();
      const begunMs = performance.now();
      turns.set(device, ++turn);
      socket.send(JSON.stringify({ type: "talk-take", turn, to: `device:${device}`, voice }));
      const { state, reason } = await answer;
      return { state, tookMs: performance.now() - begunMs, ...(reason === undefined ? {} : { reason }) };
    },
    release: async (device) => {
      const answer = next();
      socket.send(JSON.stringify({ type: "talk-release", turn: turns.get(device) }));
      await answer;
    },
    [Symbol.dispose]: () => socket.terminate(),
  };
}
