import type { HubMessage, PageMessage } from "../api.ts";
import { retryDelayMs } from "../pure/retry.ts";
import { hubSocket, type LineSocket } from "./way.ts";

/** Options of {@link HubSocket}. */
export interface HubSocketOptions {
  /** `wss://hub/api/v1/events`. */
  readonly url: string;
  readonly onMessage: (message: HubMessage) => void;
  /** Whether the hub is heard at the moment. */
  readonly onConnected: (connected: boolean) => void;
  /** Ends it for good. */
  readonly signal: AbortSignal;
}

const pingEveryMs = 10_000;
const silentForMs = 16_000;

/**
 * The page's line to the hub: opens, opens again after a loss (at most every 8 s), and closes a line on which nothing
 * was heard for 16 s although it was asked. `send` answers whether there was a line to send on.
 */
export class HubSocket {
  #socket: LineSocket | undefined;
  #attempt = 0;
  #retry: number | undefined;
  #heardMs = 0;
  readonly #options: HubSocketOptions;

  constructor(options: HubSocketOptions) {
    this.#options = options;
    const watch = window.setInterval(() => this.#watch(), pingEveryMs);
    const online = () => this.#hurry();
    window.addEventListener("online", online);
    document.addEventListener("visibilitychange", online);
    options.signal.addEventListener("abort", () => {
      clearInterval(watch);
      clearTimeout(this.#retry);
      window.removeEventListener("online", online);
      document.removeEventListener("visibilitychange", online);
      this.#socket?.close();
    });
    this.#open();
  }

  /** Sends when connected; false when there is no line at the moment. */
  send(message: PageMessage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #open(): void {
    if (this.#options.signal.aborted) return;
    const socket = hubSocket(this.#options.url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#attempt = 0;
      this.#heardMs = performance.now();
      this.#options.onConnected(true);
    };
    socket.onmessage = (event) => {
      this.#heardMs = performance.now();
      const message = readMessage(event.data);
      if (message) this.#options.onMessage(message);
    };
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      if (this.#options.signal.aborted) return;
      this.#options.onConnected(false);
      this.#retry = window.setTimeout(() => this.#open(), retryDelayMs(++this.#attempt));
    };
  }

  #watch(): void {
    if (!this.send({ type: "ping" })) return;
    if (performance.now() - this.#heardMs > silentForMs) this.#socket?.close();
  }

  #hurry(): void {
    if (this.#socket || document.hidden) return;
    clearTimeout(this.#retry);
    this.#attempt = 0;
    this.#open();
  }
}

function readMessage(text: unknown): HubMessage | undefined {
  try {
    const message: unknown = JSON.parse(String(text));
    return message && typeof message === "object" && "type" in message ? (message as HubMessage) : undefined;
  } catch {
    return undefined;
  }
}
