import { at } from "./at.ts";

/** What a line to the hub needs of a WebSocket. */
export interface LineSocket {
  readonly readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

/** How this page reaches its hub: by itself, or through the page of another program in which it stands. */
export interface Way {
  /** One request; `url` is an address of the hub's. */
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** The line on which the hub tells what changes. */
  socket(url: string): LineSocket;
}

const direct: Way = {
  fetch: (url, init) => fetch(at(url), init),
  socket: (url) => new WebSocket(url) as LineSocket,
};
let way = direct;

/** From now on everything of this page goes another way. */
export function takeWay(other: Way): void {
  way = other;
}

/** Whether this page reaches its hub by itself: then also by sockets on which bytes come. */
export function isDirect(): boolean {
  return way === direct;
}

/** One request to the hub. */
export function hubFetch(url: string, init: RequestInit = {}): Promise<Response> {
  return way.fetch(url, { credentials: "same-origin", ...init });
}

/** A line to the hub. */
export function hubSocket(url: string): LineSocket {
  return way.socket(url);
}
