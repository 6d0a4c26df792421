import { css, html } from "lit";
import { HubElement } from "../parts/hub-element.ts";
import { cardTokens } from "./card-styles.ts";
import "../calls/dw-calling.ts";

/** A call over the whole dashboard, for wall tablets: outside of all cards, for within them nothing fills the screen. */
export class DoorwardOver extends HubElement {
  static override styles = [
    cardTokens,
    css`
      :host {
        position: relative;
        z-index: 1000;
      }
    `,
  ];

  protected override render() {
    return html`<dw-calling whole .hub=${this.hub}></dw-calling>`;
  }
}

customElements.define("doorward-over", DoorwardOver);
