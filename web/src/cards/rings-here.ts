import { call, type PersonRinging } from "../api.ts";
import type { Hub } from "../app/hub.ts";
import { canTalk } from "../parts/may.ts";
import { mayMakeSound } from "../parts/tones.ts";
import type { RingsHere } from "../pure/card-words.ts";

/** Whether this browser would ring: looked for again and again, for no event tells that a browser allows sound. */
export class RingsHereWatch implements Disposable {
  #audible = false;
  #quiet = false;
  #known = false;
  readonly #hub: Hub;
  readonly #onChange: () => void;
  readonly #timer: number;
  readonly #gestures = ["pointerup", "keyup"] as const;

  constructor(hub: Hub, onChange: () => void) {
    this.#hub = hub;
    this.#onChange = onChange;
    this.#timer = window.setInterval(() => void this.#look(), lookEveryMs);
    for (const gesture of this.#gestures) window.addEventListener(gesture, this.#onGesture, { capture: true });
    hub.addEventListener("change", this.#onHub);
    void this.#look();
  }

  /** As it is now. */
  get now(): RingsHere {
    if (!this.#hub.connected || !this.#hub.known) return "offline";
    if (!this.#hub.devices.some((device) => canTalk(device) || device.rights.includes("talk"))) return "may-not";
    if (this.#quiet) return "quiet";
    return this.#audible ? "rings" : "silent";
  }

  /** Within a person's gesture: the browser may allow sound now. */
  async allow(): Promise<void> {
    this.#tell(await mayMakeSound(), this.#quiet);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#hub.removeEventListener("change", this.#onHub);
    for (const gesture of this.#gestures) window.removeEventListener(gesture, this.#onGesture, { capture: true });
  }

  #onHub = (): void => {
    const came = this.#hub.known && !this.#known;
    this.#known = this.#hub.known;
    if (came) void this.#look();
  };

  /** Whatever of the dashboard was touched: from then on sound is allowed. */
  #onGesture = (): void => {
    if (!this.#audible) void this.allow();
  };

  async #look(): Promise<void> {
    if (!this.#hub.known) return;
    // Asking an untouched page for sound makes browsers complain each time.
    const audible = (navigator.userActivation?.hasBeenActive ?? true) && (await mayMakeSound());
    const own = await call<PersonRinging>("GET", "/api/v1/ringing").catch(() => undefined);
    this.#tell(audible, own?.doNotDisturb ?? this.#quiet);
  }

  #tell(audible: boolean, quiet: boolean): void {
    if (audible === this.#audible && quiet === this.#quiet) return;
    this.#audible = audible;
    this.#quiet = quiet;
    this.#onChange();
  }
}

const lookEveryMs = 15_000;
