import { css, html, LitElement, nothing } from "lit";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons } from "../parts/styles.ts";

/** What one does while one talks. Events: `dw-mute`, `dw-window`, `dw-volume` (detail: 0 to 1). */
export class DwCallTools extends LitElement {
  static override properties = {
    muted: { type: Boolean },
    picture: { type: Boolean },
    volume: { type: Number },
  };
  static override styles = [
    base,
    buttons,
    css`
      div {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px;
      }
      button {
        flex: 1;
        min-height: 48px;
      }
      label {
        display: flex;
        flex: 1 1 140px;
        align-items: center;
        gap: 8px;
      }
      input {
        flex: 1;
        min-width: 0;
        height: 44px;
        margin: 0;
        accent-color: var(--dw-accent);
      }
      [aria-pressed="true"] {
        border-color: var(--dw-waiting);
        background: var(--dw-waiting-soft);
      }
    `,
  ];
  /** One is not heard. */
  declare muted: boolean;
  /** There is a picture. */
  declare picture: boolean;
  declare volume: number;

  constructor() {
    super();
    this.muted = false;
    this.picture = false;
    this.volume = 1;
  }

  protected override render() {
    return html`<div>
      <button aria-pressed=${this.muted} @click=${() => this.#tell("dw-mute")}>${icon(this.muted ? "micOff" : "mic")}${this.muted ? t("Muted") : t("Mute")}</button>
      ${this.picture && document.pictureInPictureEnabled ? html`<button @click=${() => this.#tell("dw-window")}>${icon("pip")}${t("Small window")}</button>` : nothing}
      <label>${icon("sound")}<span class="unseen">${t("Loudness")}</span><input type="range" min="0" max="1" step="0.05" .value=${String(this.volume)} @input=${(
        event: Event,
      ) => this.#tell("dw-volume", Number((event.target as HTMLInputElement).value))} /></label>
    </div>`;
  }

  #tell(name: "dw-mute" | "dw-window" | "dw-volume", detail?: number): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

customElements.define("dw-call-tools", DwCallTools);
