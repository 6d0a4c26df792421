import { css, html } from "lit";
import { readPreferences } from "../app/preferences.ts";
import { HubElement } from "../parts/hub-element.ts";
import { base } from "../parts/styles.ts";
import { isNight } from "../pure/night.ts";
import "./dw-wall.ts";

const awakeForMs = 60_000;

/** The wall tablet's page: the wall and a large talk bar, nothing else. Stays awake; dims at night until it is touched. */
export class DwPanel extends HubElement {
  static override properties = { ...HubElement.properties, nowMs: { state: true }, touchedMs: { state: true } };
  static override styles = [
    base,
    css`
      :host {
        display: flex;
        flex-direction: column;
        height: 100%;
        color-scheme: dark;
        background: #000;
        color: #fff;
      }
      header {
        display: flex;
        align-items: baseline;
        justify-content: space-between;
        padding: 8px 16px;
        font-size: var(--dw-24);
        font-weight: 600;
        font-variant-numeric: tabular-nums;
      }
      header span {
        font-size: var(--dw-18);
        font-weight: 400;
        color: var(--dw-over-muted);
      }
      dw-wall {
        flex: 1;
        min-height: 0;
        height: auto;
      }
      .night {
        position: fixed;
        inset: 0;
        background: #000;
        opacity: 0.82;
        pointer-events: none;
      }
    `,
  ];
  declare nowMs: number;
  declare touchedMs: number;
  #ticker: number | undefined;
  #lock: WakeLockSentinel | undefined;

  constructor() {
    super();
    this.nowMs = Date.now();
    this.touchedMs = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ticker = window.setInterval(() => {
      this.nowMs = Date.now();
    }, 1000);
    for (const event of ["pointerdown", "keydown"]) window.addEventListener(event, this.#onTouch, { capture: true });
    document.addEventListener("visibilitychange", this.#stayAwake);
    void this.#stayAwake();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#ticker);
    for (const event of ["pointerdown", "keydown"]) window.removeEventListener(event, this.#onTouch, { capture: true });
    document.removeEventListener("visibilitychange", this.#stayAwake);
    void this.#lock?.release();
  }

  protected override render() {
    const { nightFrom, nightTo } = readPreferences();
    const now = new Date(this.nowMs);
    const dim = isNight(now.getHours(), { from: nightFrom, to: nightTo }) && this.nowMs - this.touchedMs > awakeForMs;
    const online = this.hub.connected
      ? now.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" })
      : "The hub does not answer";
    return html`
      <header>${now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}<span>${online}</span></header>
      <dw-wall panel .hub=${this.hub}></dw-wall>
      ${dim ? html`<div class="night"></div>` : ""}
    `;
  }

  #onTouch = (): void => {
    this.touchedMs = Date.now();
    this.nowMs = this.touchedMs;
  };

  #stayAwake = async (): Promise<void> => {
    if (document.hidden || !("wakeLock" in navigator)) return;
    try {
      this.#lock = await navigator.wakeLock.request("screen");
    } catch {
      // A browser that saves its battery refuses; the tablet's own setting then decides.
    }
  };
}

customElements.define("dw-panel", DwPanel);
