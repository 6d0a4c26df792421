import { t } from "../language/t.ts";
import { mayMakeSound, playTone } from "../parts/tones.ts";

const everyMs = 3000;

/** Options of {@link Ringing}. */
export interface RingingOptions {
  /** True once it can be heard, false while the browser makes no sound. */
  readonly onAudible: (audible: boolean) => void;
}

/** This browser rings: the tone again and again, the phone's buzz, and the title of the page. Silent when it is stopped. */
export class Ringing {
  readonly #options: RingingOptions;
  #timer: number | undefined;
  #title: string | undefined;
  #muted = false;

  constructor(options: RingingOptions) {
    this.#options = options;
  }

  /** Rings for somebody; another name while it rings changes the title alone. */
  start(name: string): void {
    this.#title ??= document.title;
    document.title = t("{name} rings", { name });
    if (this.#timer !== undefined) return;
    this.#timer = window.setInterval(() => void this.#sound(), everyMs);
    void this.#sound();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#muted = false;
    if (this.#title !== undefined) document.title = this.#title;
    this.#title = undefined;
    stopVibrating();
  }

  /** No sound more for this ring; it still shows. */
  mute(): void {
    this.#muted = true;
    stopVibrating();
  }

  async #sound(): Promise<void> {
    const audible = await mayMakeSound();
    if (this.#timer === undefined) return;
    this.#options.onAudible(audible);
    if (this.#muted) return;
    if (audible) playTone("ring");
    // Browsers complain about it on a page that nobody has touched.
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([300, 150, 300]);
  }
}

/** Browsers complain of a page that nobody has touched yet, and that cannot have vibrated. */
function stopVibrating(): void {
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(0);
}
