import { Hub } from "../app/hub.ts";
import { takeWay } from "../net/way.ts";
import type { HomeAssistant } from "./home-assistant.ts";
import { throughHomeAssistant } from "./hub-line.ts";

/** The hub as one card holds it. */
export interface HeldHub extends Disposable {
  readonly hub: Hub;
}

/** Cards come and go while one changes from view to view: the line is kept for that moment. */
const keptForMs = 3000;
const againMs = 5000;

/** The one hub of this page, its one line to it, and how many cards hold it. */
class SharedHub {
  readonly hub = new Hub();
  #hass: HomeAssistant | undefined;
  #entryId = "";
  #holders = 0;
  #running = false;
  #leaving: number | undefined;
  #again: number | undefined;

  constructor() {
    const hass = () => {
      if (!this.#hass) throw new Error("No card was handed Home Assistant yet");
      return this.#hass;
    };
    takeWay(
      throughHomeAssistant({
        hass,
        entryId: () => this.#entryId,
        onOpened: (entryId) => {
          this.#entryId = entryId;
        },
      }),
    );
  }

  /** Whether a card that wants this hub gets it: one page shows one hub. */
  fits(entryId: string | undefined): boolean {
    return !entryId || this.#entryId === "" || entryId === this.#entryId;
  }

  update(hass: HomeAssistant): void {
    this.#hass = hass;
  }

  hold(hass: HomeAssistant, entryId: string | undefined): HeldHub {
    this.#hass = hass;
    if (this.#entryId === "" && entryId) this.#entryId = entryId;
    this.#holders++;
    clearTimeout(this.#leaving);
    if (!this.#running) this.#start();
    let held = true;
    return {
      hub: this.hub,
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        if (--this.#holders === 0) this.#leaving = window.setTimeout(() => this.#stop(), keptForMs);
      },
    };
  }

  #start(): void {
    this.#running = true;
    this.hub.addEventListener("change", this.#onChange);
    void this.hub.startSignedIn();
  }

  /** The token was ended, or its rights changed: Home Assistant may have another one soon. */
  #onChange = (): void => {
    if (this.hub.signedOut === "" || this.#again !== undefined) return;
    this.#again = window.setTimeout(() => {
      this.#again = undefined;
      this.hub.signedOut = "";
      if (this.#running && !this.hub.known) void this.hub.startSignedIn();
    }, againMs);
  };

  #stop(): void {
    this.#running = false;
    this.#entryId = "";
    clearTimeout(this.#again);
    this.#again = undefined;
    this.hub.removeEventListener("change", this.#onChange);
    this.hub.stop();
  }
}

let shared: SharedHub | undefined;

/** The hub of all cards of this page. */
export function sharedHub(): SharedHub {
  shared ??= new SharedHub();
  return shared;
}
