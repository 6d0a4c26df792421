import { css, html, LitElement, nothing } from "lit";
import { type CallView, ownHeaders, type PageDevice } from "../api.ts";
import { t } from "../language/t.ts";
import { hubFetch } from "../net/way.ts";
import { base } from "../parts/styles.ts";
import "../player/dw-player.ts";
import type { DwPlayer } from "../player/dw-player.ts";
import { letGo } from "../player/still-pictures.ts";

const stillTries = 6;
const stillAgainMs = 500;

/**
 * Who calls, in a picture: the live one of the paired camera, and until that runs the still that the hub took when it rang.
 * Event `dw-picture` when the first live picture is there.
 */
export class DwCallPicture extends LitElement {
  static override properties = {
    call: { attribute: false },
    device: { attribute: false },
    src: {},
    audible: { type: Boolean },
    volume: { type: Number },
    still: { state: true },
    live: { state: true },
  };
  static override styles = [
    base,
    css`
      :host {
        position: relative;
        display: block;
        overflow: hidden;
        background: var(--dw-picture);
      }
      dw-player,
      img {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
      }
      img {
        object-fit: contain;
        background: var(--dw-picture);
        pointer-events: none;
      }
    `,
  ];
  declare call: CallView;
  /** The camera, as the page knows it. */
  declare device: PageDevice | undefined;
  /** Where the picture comes from (WHEP). */
  declare src: string;
  /** Its sound is played. */
  declare audible: boolean;
  declare volume: number;
  declare still: string;
  declare live: boolean;
  #stillOf = "";
  #timer: number | undefined;

  constructor() {
    super();
    this.src = "";
    this.audible = false;
    this.volume = 1;
    this.still = "";
    this.live = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.#dropStill();
  }

  /** The element that plays it, for picture in picture. */
  get video(): HTMLVideoElement | undefined {
    return this.#player?.renderRoot.querySelector("video") ?? undefined;
  }

  protected override updated(): void {
    if (this.call.id === this.#stillOf) return;
    this.#stillOf = this.call.id;
    this.#dropStill();
    void this.#fetchStill(0);
  }

  protected override render() {
    return html`
      <dw-player keep src=${this.src} label=${this.call.from.name} ?muted=${!this.audible} .volume=${this.volume} .device=${this.device} @dw-state=${this.#onState}></dw-player>
      ${this.still && !this.live ? html`<img src=${this.still} alt=${t("Picture of {name}, taken when it rang", { name: this.call.from.name })} />` : nothing}
    `;
  }

  get #player(): DwPlayer | null {
    return this.renderRoot.querySelector("dw-player");
  }

  #onState(event: CustomEvent<{ readonly tone: string }>): void {
    const live = event.detail.tone === "live";
    if (live && !this.live) this.dispatchEvent(new CustomEvent("dw-picture"));
    this.live = live;
  }

  /** The hub takes it a moment after the ring. */
  async #fetchStill(tries: number): Promise<void> {
    const { id } = this.call;
    const path = `/api/v1/calls/${encodeURIComponent(id)}/snapshot`;
    const response = await hubFetch(path, { headers: ownHeaders() }).catch(() => undefined);
    const picture = response?.ok ? await response.blob() : undefined;
    if (id !== this.call.id || !this.isConnected || this.live) return;
    if (picture) this.still = URL.createObjectURL(picture);
    else if (tries < stillTries) this.#timer = window.setTimeout(() => void this.#fetchStill(tries + 1), stillAgainMs);
  }

  #dropStill(): void {
    letGo(this.still);
    this.still = "";
  }
}

customElements.define("dw-call-picture", DwCallPicture);
