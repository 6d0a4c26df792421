import { css, html, LitElement, nothing } from "lit";
import { ApiError, call, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { type IconName, icon } from "../parts/icons.ts";
import { base, buttons } from "../parts/styles.ts";
import { PtzHold, type PtzVector } from "./ptz-hold.ts";

interface Way {
  readonly name: string;
  readonly icon: IconName;
  readonly place: string;
  readonly vector: PtzVector;
}

const ways: readonly Way[] = [
  { name: t("Turn up"), icon: "up", place: "1 / 2", vector: { tilt: 0.6 } },
  { name: t("Turn left"), icon: "back", place: "2 / 1", vector: { pan: -0.6 } },
  { name: t("Turn right"), icon: "forward", place: "2 / 3", vector: { pan: 0.6 } },
  { name: t("Turn down"), icon: "down", place: "3 / 2", vector: { tilt: -0.6 } },
  { name: t("Lens closer"), icon: "plus", place: "1 / 3", vector: { zoom: 0.6 } },
  { name: t("Lens wider"), icon: "minus", place: "3 / 3", vector: { zoom: -0.6 } },
];

/** Turns a camera: buttons to hold, and its presets. */
export class DwPtz extends LitElement {
  static override properties = { device: {}, held: { state: true }, presets: { state: true }, wrong: { state: true } };
  static override styles = [
    base,
    buttons,
    css`
      :host {
        display: grid;
        gap: 8px;
        width: max-content;
        max-width: 100%;
        padding: 8px;
        border-radius: var(--dw-radius);
        background: var(--dw-over);
        color: var(--dw-over-text);
      }
      .ways {
        display: grid;
        grid-template: repeat(3, 48px) / repeat(3, 48px);
        gap: 4px;
        justify-content: center;
      }
      button,
      select {
        border-color: var(--dw-over-line);
        background: rgb(0 0 0 / 0.4);
        color: inherit;
      }
      button {
        padding: 0;
        min-height: 48px;
        touch-action: none;
        user-select: none;
        -webkit-user-select: none;
        -webkit-touch-callout: none;
      }
      button:hover {
        background: #000;
      }
      button.held {
        background: #1f5fbf;
      }
      :focus-visible {
        outline-color: #fff;
      }
      select {
        width: 152px;
        min-height: 44px;
        padding: 0 8px;
        border: 1px solid var(--dw-over-line);
        border-radius: var(--dw-radius);
        background: #16181b;
        font: inherit;
      }
      p {
        width: 152px;
        color: var(--dw-over-trouble);
        font-size: var(--dw-13);
      }
      @media (max-height: 420px) {
        .ways {
          grid-template: repeat(3, 44px) / repeat(3, 44px);
        }
        button {
          min-height: 44px;
        }
      }
    `,
  ];
  /** Id of the device. */
  declare device: string;
  /** What is held now. */
  declare held: string;
  declare presets: readonly { readonly token: string; readonly name: string }[];
  declare wrong: string;
  #hold: PtzHold | undefined;
  /** The hold that each button began last. */
  readonly #holds = new Map<Way, PtzHold>();

  constructor() {
    super();
    this.device = "";
    this.held = "";
    this.presets = [];
    this.wrong = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("blur", this.#letGo);
    window.addEventListener("pagehide", this.#letGo);
    document.addEventListener("visibilitychange", this.#letGo);
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("blur", this.#letGo);
    window.removeEventListener("pagehide", this.#letGo);
    document.removeEventListener("visibilitychange", this.#letGo);
    this.#letGo();
  }

  protected override render() {
    return html`
      <div class="ways" role="group" aria-label=${t("Hold to turn the camera")}>${ways.map((way) => this.#renderWay(way))}</div>
      ${this.presets.length > 0 ? this.#renderPresets() : nothing}
      <p role="status" ?hidden=${this.wrong === ""}>${this.wrong}</p>
    `;
  }

  #renderWay(way: Way) {
    // Whoever presses one button takes the focus from another, which has then lost nothing.
    const letGo = () => {
      if (this.#hold && this.#holds.get(way) === this.#hold) this.#letGo();
    };
    return html`<button class=${this.held === way.name ? "held" : ""} .style=${`grid-area: ${way.place}`} aria-label=${t("{name} (hold)", { name: way.name })} title=${t("{name}: hold", { name: way.name })}
      @pointerdown=${(event: PointerEvent) => this.#onDown(event, way)} @pointerup=${letGo} @pointercancel=${letGo} @lostpointercapture=${letGo}
      @contextmenu=${(event: Event) => event.preventDefault()}
      @keydown=${(event: KeyboardEvent) => this.#onKey(event, way)} @keyup=${letGo} @blur=${letGo}>${icon(way.icon)}</button>`;
  }

  #renderPresets() {
    return html`<select aria-label=${t("Turn to a preset")} @change=${this.#onPreset}>
      <option value="">${t("Turn to a preset")}</option>
      ${this.presets.map(({ token, name }) => html`<option value=${token}>${name}</option>`)}
    </select>`;
  }

  #onDown(event: PointerEvent, way: Way): void {
    if (event.button !== 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.#begin(way);
  }

  #onKey(event: KeyboardEvent, way: Way): void {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) this.#begin(way);
  }

  #begin(way: Way): void {
    this.#letGo();
    this.wrong = "";
    this.held = way.name;
    const onFault = (error: unknown) => {
      // A fault of an earlier hold says nothing of the one that goes on.
      if (this.#hold && this.#hold !== hold) return;
      this.wrong = sentence(error);
      this.#letGo();
    };
    const hold = new PtzHold({ device: this.device, vector: way.vector, onFault });
    this.#hold = hold;
    this.#holds.set(way, hold);
  }

  #letGo = (): void => {
    this.#hold?.end();
    this.#hold = undefined;
    this.held = "";
  };

  /** A camera that has no presets, or does not say so, is turned all the same. */
  async #load(): Promise<void> {
    try {
      const { presets } = await call<{ readonly presets: DwPtz["presets"] }>("GET", `${this.#path}/presets`);
      this.presets = presets;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.presets = [];
    }
  }

  async #onPreset(event: Event): Promise<void> {
    const list = event.target as HTMLSelectElement;
    const token = list.value;
    list.value = "";
    if (token === "") return;
    this.wrong = "";
    try {
      await call("POST", `${this.#path}/preset`, { body: { token } });
    } catch (error) {
      this.wrong = sentence(error);
    }
  }

  get #path(): string {
    return `/api/v1/devices/${encodeURIComponent(this.device)}/ptz`;
  }
}

customElements.define("dw-ptz", DwPtz);
