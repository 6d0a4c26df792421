import type { LineSocket, Way } from "../net/way.ts";
import type { HomeAssistant } from "./home-assistant.ts";

/** Which hub is meant, and how Home Assistant is reached now: it hands out another object with each change. */
export interface Through {
  readonly hass: () => HomeAssistant;
  readonly entryId: () => string;
  /** The integration tells which hub it opened a line to. */
  readonly onOpened: (entryId: string) => void;
}

type Told =
  | { readonly type: "opened"; readonly page: number; readonly entry_id: string }
  | { readonly type: "said"; readonly message: unknown }
  | { readonly type: "closed" };

/** The hub through Home Assistant: its integration passes on what cards ask, in the name of who uses the page. */
export function throughHomeAssistant(through: Through): Way {
  return {
    fetch: (url, init) => {
      const { pathname, search } = new URL(url, location.href);
      return through.hass().fetchWithAuth(`/api/doorward/hub/${through.entryId()}${pathname}${search}`, init);
    },
    socket: () => new HubLine(through),
  };
}

/** The line to the hub over the WebSocket that Home Assistant's page has anyway, in the shape of a socket of its own. */
export class HubLine implements LineSocket {
  readyState: number = WebSocket.CONNECTING;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  #page: number | undefined;
  #leave: (() => Promise<void>) | undefined;
  readonly #connection: HomeAssistant["connection"];
  readonly #through: Through;

  constructor(through: Through) {
    this.#through = through;
    this.#connection = through.hass().connection;
    this.#connection.addEventListener("disconnected", this.#over);
    const wanted = through.entryId();
    const what = { type: "doorward/page", ...(wanted && { entry_id: wanted }) };
    this.#connection
      .subscribeMessage<Told>((told) => this.#take(told), what, { resubscribe: false })
      .then(
        (leave) => {
          this.#leave = leave;
          if (this.readyState === WebSocket.CLOSED) this.#giveBack();
        },
        () => this.#over(),
      );
  }

  send(text: string): void {
    const what = { type: "doorward/page/say", page: this.#page, message: JSON.parse(text) as unknown };
    // A line that is gone says so by itself.
    this.#connection.sendMessagePromise(what).catch(() => {});
  }

  close(): void {
    this.#giveBack();
    this.#over();
  }

  #take(told: Told): void {
    if (this.readyState === WebSocket.CLOSED) return;
    if (told.type === "closed") {
      this.#over();
      return;
    }
    if (told.type === "said") {
      this.onmessage?.({ data: JSON.stringify(told.message) });
      return;
    }
    this.#page = told.page;
    this.#through.onOpened(told.entry_id);
    this.readyState = WebSocket.OPEN;
    this.onopen?.();
  }

  #giveBack(): void {
    this.#leave?.().catch(() => {}); // The connection is gone, and the line with it.
    this.#leave = undefined;
  }

  #over = (): void => {
    if (this.readyState === WebSocket.CLOSED) return;
    this.readyState = WebSocket.CLOSED;
    this.#connection.removeEventListener("disconnected", this.#over);
    // Whoever opened it has to have it in hand before it is over.
    queueMicrotask(() => this.onclose?.());
  };
}
