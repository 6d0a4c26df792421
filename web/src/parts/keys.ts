import type { LitElement, ReactiveController } from "lit";
import { type KeyAction, keyAction } from "../pure/keys.ts";

/** Hears the page's keys while its element is shown; text fields and open dialogs keep theirs. */
export class Keys implements ReactiveController {
  readonly #onAction: (action: KeyAction) => boolean | undefined;

  /** `onAction` answers true when it used the key. */
  constructor(host: LitElement, onAction: (action: KeyAction) => boolean | undefined) {
    this.#onAction = onAction;
    host.addController(this);
  }

  hostConnected(): void {
    window.addEventListener("keydown", this.#onKey);
  }

  hostDisconnected(): void {
    window.removeEventListener("keydown", this.#onKey);
  }

  #onKey = (event: KeyboardEvent): void => {
    const action = keyAction(event);
    if (!action || event.defaultPrevented || event.repeat) return;
    const [target] = event.composedPath();
    if (target instanceof Element) {
      if (target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
      if (action.action === "open" && target.closest("a, button")) return;
    }
    if (this.#onAction(action)) event.preventDefault();
  };
}

/** Full screen for an element, and back. */
export function toggleFullScreen(element: Element): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void element.requestFullscreen?.().catch(() => {}); // Some phones have none; nothing is lost.
}
