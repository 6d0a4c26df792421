import { once } from "node:events";
import WebSocket from "ws";
import type { BenchHub } from "./hub.ts";

/** One end of the signalling: an agent's or a viewer's WebSocket. */
export interface SignallingEnd extends Disposable {
  say(type: string, payload?: object): void;
  /** What is done with each message of a type from now on. */
  on(type: string, listener: (payload: Readonly<Record<string, unknown>>) => void): void;
  /** The next message of a type. */
  next(type: string): Promise<Readonly<Record<string, unknown>>>;
}

const patienceMs = 10_000;

/** Connects to `/ws/device` or `/ws/viewer` of a hub, and is let in. */
export async function openEnd(url: string, hello: object): Promise<SignallingEnd> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const listeners = new Map<string, (payload: Readonly<Record<string, unknown>>) => void>();
  const waiting = new Map<string, (payload: Readonly<Record<string, unknown>>) => void>();
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => {}); // after it was let in, nobody asks
  const end: SignallingEnd = {
    say: (type, payload = {}) => socket.send(JSON.stringify({ type, ts: new Date().toISOString(), payload })),
    on: (type, listener) => listeners.set(type, listener),
    next: (type) => {
      const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
      const timer = setTimeout(() => reject(new Error(`the hub does not say ${type}`)), patienceMs);
      waiting.set(type, (payload) => {
        clearTimeout(timer);
        waiting.delete(type);
        resolve(payload);
      });
      return promise;
    },
    [Symbol.dispose]: () => socket.terminate(),
  };
  socket.on("message", (data) => {
    const { type, payload } = JSON.parse(String(data)) as { type: string; payload: Record<string, unknown> };
    waiting.get(type)?.(payload);
    listeners.get(type)?.(payload);
  });
  socket.once("close", (code, reason) => refused.reject(new Error(`the hub closes: ${code} ${reason}`)));
  await once(socket, "open");
  const welcome = end.next("hello_ack");
  end.say("hello", hello);
  await Promise.race([welcome, refused.promise]);
  return end;
}

/** As it answers an offer, as long as a real one. */
const sdp = `v=0\r\n${"a=candidate:1 1 UDP 2122252543 192.0.2.1 50000 typ host\r\n".repeat(40)}`;

/** An agent that does nothing but answer each offer at once. */
export async function openIdleAgent(url: string, device_id: string): Promise<SignallingEnd> {
  const end = await openEnd(url, { device_id });
  end.on("signal_offer", ({ session_id }) => end.say("signal_answer", { session_id, sdp: { type: "answer", sdp } }));
  return end;
}

/** What a viewer's way to an answer took, in milliseconds. */
export interface SignallingTimes {
  /** From `watch_request` to `watch_ready`. */
  readonly readyMs: number;
  /** From `signal_offer` over hub, agent and hub to `signal_answer`. */
  readonly answerMs: number;
}

/** Watches a device up to the answer, and ends it. */
export async function watchOnce(viewer: SignallingEnd, device_id: string): Promise<SignallingTimes> {
  const begunMs = performance.now();
  const ready = viewer.next("watch_ready");
  viewer.say("watch_request", { device_id });
  const { session_id } = await ready;
  const offeredMs = performance.now();
  const answer = viewer.next("signal_answer");
  viewer.say("signal_offer", { session_id, sdp: { type: "offer", sdp } });
  await answer;
  const answeredMs = performance.now();
  viewer.say("end_watch", { session_id });
  return { readyMs: offeredMs - begunMs, answerMs: answeredMs - offeredMs };
}

/** A token that may see everything. */
export async function tokenOf(hub: BenchHub): Promise<string> {
  const body = JSON.stringify({ name: "bench", grants: [{ scope: "*", rights: ["view"] }] });
  const answer = await hub.call("api/v1/tokens", { method: "POST", type: "application/json", body });
  if (!answer.ok) throw new Error(`no token: ${await answer.text()}`);
  return ((await answer.json()) as { token: string }).token;
}
