import { css, html, nothing } from "lit";
import { call, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { dayOf, timeOfDay } from "../language/times.ts";
import { Awake } from "../parts/awake.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons } from "../parts/styles.ts";
import "./dw-leave-panel.ts";
import "./dw-wall.ts";

/**
 * The wall tablet's page: the wall and a large talk bar, nothing else. Stays awake; dims at night until it is touched. Locked, it
 * is left only by an administrator's password, and its session may do no more than it shows.
 */
export class DwPanel extends HubElement {
  static override properties = { ...HubElement.properties, asking: { state: true }, wrong: { state: true } };
  static override styles = [
    base,
    buttons,
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
        align-items: center;
        gap: 16px;
        padding: 4px 8px 4px 16px;
        font-size: var(--dw-24);
        font-weight: 600;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      header span {
        min-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        margin-left: auto;
        font-size: var(--dw-18);
        font-weight: 400;
        color: var(--dw-over-muted);
      }
      header button {
        padding: 0 12px;
        background: transparent;
        border-color: transparent;
        color: var(--dw-over-muted);
      }
      /* A small screen has room for the clock and the day; the button keeps its words for whoever hears them. */
      @media (max-width: 560px) {
        header span {
          font-size: var(--dw-15);
        }
        header .words {
          display: none;
        }
      }
      .words {
        font: inherit;
      }
      header button:hover {
        background: #24272b;
      }
      .wrong {
        padding: 8px 16px;
        background: #5c1712;
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
  /** The password is asked for. */
  declare asking: boolean;
  declare wrong: string;
  readonly #awake = new Awake(this);

  constructor() {
    super();
    this.asking = false;
    this.wrong = "";
  }

  protected override render() {
    const { dim, nowMs } = this.#awake;
    const now = new Date(nowMs);
    const online = this.hub.connected
      ? dayOf(now, { weekday: "long", day: "numeric", month: "long" })
      : t("The hub does not answer");
    return html`
      <header>${timeOfDay(now)}<span>${online}</span>${this.#renderLock()}</header>
      ${this.wrong === "" ? nothing : html`<p class="wrong" role="alert">${this.wrong}</p>`}
      <dw-wall panel .hub=${this.hub}></dw-wall>
      ${this.asking ? html`<dw-leave-panel @dw-closed=${this.#close}></dw-leave-panel>` : nothing}
      ${dim ? html`<div class="night"></div>` : nothing}
    `;
  }

  #renderLock() {
    if (this.hub.session?.panel) {
      return html`<button title=${t("Leave the panel: takes an administrator's password")} aria-label=${t("Leave the panel")} @click=${() => {
        this.asking = true;
      }}>${icon("signOut")}</button>`;
    }
    if (this.hub.session?.ingress) return nothing; // Home Assistant says who this is; nothing would hold a lock.
    return html`<button title=${t("Nobody leaves this page then without an administrator's password")} aria-label=${t("Lock this screen")} @click=${this.#lock}>${icon("lock")}<b class="words">${t("Lock this screen")}</b></button>`;
  }

  #close(): void {
    this.asking = false;
  }

  /** The session is another one from then on: the page begins anew with it. */
  async #lock(): Promise<void> {
    try {
      await call("POST", "/api/v1/session/panel", { body: {} });
      location.reload();
    } catch (error) {
      this.wrong = sentence(error);
    }
  }
}

customElements.define("dw-panel", DwPanel);
