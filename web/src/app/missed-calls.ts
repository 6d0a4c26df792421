import { type CallChanged, type CallList, call } from "../api.ts";
import { isMissed } from "../pure/call-words.ts";
import type { Hub } from "./hub.ts";

const seenKey = "dw-calls-seen";

/** How many calls were missed since this browser last showed the history. */
export class MissedCalls {
  count = 0;
  readonly #hub: Hub;
  #asked = false;

  constructor(hub: Hub) {
    this.#hub = hub;
    hub.addEventListener("change", () => {
      if (!hub.known) this.#asked = false;
      else if (!this.#asked && hub.session?.user) void this.#ask();
    });
    hub.addEventListener("call", (event) => {
      if (isMissed((event as CustomEvent<CallChanged>).detail.call)) this.count += 1;
    });
  }

  /** They were looked at. */
  seen(): void {
    localStorage.setItem(seenKey, String(Date.now()));
    if (this.count === 0) return;
    this.count = 0;
    this.#hub.dispatchEvent(new Event("change"));
  }

  async #ask(): Promise<void> {
    this.#asked = true;
    const list = await call<CallList>("GET", "/api/v1/calls?limit=50").catch(() => undefined);
    const since = Number(localStorage.getItem(seenKey) ?? 0);
    const count = list?.calls.filter((one) => one.startedMs > since && isMissed(one)).length ?? 0;
    if (count === this.count) return;
    this.count = count;
    this.#hub.dispatchEvent(new Event("change"));
  }
}
