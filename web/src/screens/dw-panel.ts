import { css, html } from "lit";
import { dayOf, timeOfDay } from "../language/times.ts";
import { Awake } from "../parts/awake.ts";
import { HubElement } from "../parts/hub-element.ts";
import { base } from "../parts/styles.ts";
import "./dw-wall.ts";

/** The wall tablet's page: the wall and a large talk bar, nothing else. Stays awake; dims at night until it is touched. */
export class DwPanel extends HubElement {
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
  readonly #awake = new Awake(this);

  protected override render() {
    const { dim, nowMs } = this.#awake;
    const now = new Date(nowMs);
    const online = this.hub.connected
      ? dayOf(now, { weekday: "long", day: "numeric", month: "long" })
      : "The hub does not answer";
    return html`
      <header>${timeOfDay(now)}<span>${online}</span></header>
      <dw-wall panel .hub=${this.hub}></dw-wall>
      ${dim ? html`<div class="night"></div>` : ""}
    `;
  }
}

customElements.define("dw-panel", DwPanel);
