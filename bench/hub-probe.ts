// Loaded into the hub's process by bench/floor.ts and bench/room-hub.ts (`--import`): measures from a page's message until its answer is handed to
// the socket, without touching the hub's code.
import WebSocket from "ws";

/** The hub's process to the bench, on request: what each `talk-take` or `ptt_start` took, in µs. */
export interface FromProbe {
  readonly tookUs: readonly number[];
}

type Emit = (this: WebSocket, event: string, ...args: unknown[]) => boolean;

const asked = new WeakMap<WebSocket, number>();
const tookUs: number[] = [];
const { emit, send } = WebSocket.prototype as unknown as { readonly emit: Emit; readonly send: WebSocket["send"] };

Object.assign(WebSocket.prototype, {
  emit(this: WebSocket, event: string, ...args: unknown[]): boolean {
    if (event === "message" && /talk-take|ptt_start/.test(String(args[0]))) asked.set(this, performance.now());
    return emit.call(this, event, ...args);
  },
  send(this: WebSocket, ...args: Parameters<WebSocket["send"]>): void {
    const sinceMs = asked.get(this);
    if (
      sinceMs !== undefined &&
      /"state":"(granted|refused|queued)"|"status":"transmitting"|"type":"busy"/.test(String(args[0]))
    ) {
      asked.delete(this);
      tookUs.push((performance.now() - sinceMs) * 1000);
    }
    send.apply(this, args);
  },
});

process.on("message", () => process.send?.({ tookUs: tookUs.splice(0) } satisfies FromProbe));
process.channel?.unref();
