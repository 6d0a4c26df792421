import type { LitElement, ReactiveController } from "lit";
import type { DwPlayer } from "../player/dw-player.ts";

/** A camera's picture in a small window of its own, which stays while one does something else. */
export class PictureInPicture implements ReactiveController {
  readonly #host: LitElement;
  readonly #player: () => DwPlayer | null;

  constructor(host: LitElement, player: () => DwPlayer | null) {
    this.#host = host;
    this.#player = player;
    host.addController(this);
  }

  hostDisconnected(): void {
    // The picture goes with its page.
    if (this.shown) void document.exitPictureInPicture().catch(() => {});
  }

  /** Whether this browser has such windows. */
  get possible(): boolean {
    return document.pictureInPictureEnabled ?? false;
  }

  get shown(): boolean {
    return (this.#player()?.shadowRoot?.pictureInPictureElement ?? null) !== null;
  }

  /** Opens the window, or closes it. Throws what the browser says when it does not. */
  async toggle(): Promise<void> {
    if (this.shown) return await document.exitPictureInPicture();
    const player = this.#player();
    const video = player?.shadowRoot?.querySelector("video");
    if (!player || !video) return;
    video.disablePictureInPicture = false;
    // Else the picture would end soon after the page is hidden.
    player.keep = true;
    const over = () => {
      player.keep = false;
      this.#host.requestUpdate();
    };
    try {
      await video.requestPictureInPicture();
      video.addEventListener("leavepictureinpicture", over, { once: true });
    } catch (error) {
      over();
      throw error;
    }
    this.#host.requestUpdate();
  }
}
