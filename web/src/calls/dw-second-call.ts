import { css, html, LitElement } from "lit";
import type { CallView } from "../api.ts";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons } from "../parts/styles.ts";

/** Somebody rings while one is in another call. Events: `dw-not-now`, `dw-change` (one hangs up and answers this one). */
export class DwSecondCall extends LitElement {
  static override properties = { call: { attribute: false }, busy: { type: Boolean } };
  static override styles = [
    base,
    buttons,
    css`
      section {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        padding: 12px 16px;
        border: 1px solid var(--dw-control);
        border-radius: var(--dw-radius);
        background: var(--dw-surface);
      }
      p {
        display: flex;
        flex: 1 1 220px;
        align-items: center;
        gap: 8px;
        overflow-wrap: anywhere;
      }
      p svg {
        color: var(--dw-accent);
      }
      button {
        flex: 1 1 auto;
        min-height: 48px;
      }
      .answer {
        border-color: var(--dw-speaking);
        background: var(--dw-speaking);
        color: var(--dw-on-speaking);
      }
    `,
  ];
  declare call: CallView;
  declare busy: boolean;

  constructor() {
    super();
    this.busy = false;
  }

  protected override render() {
    const { from, mayAnswer } = this.call;
    const tell = (name: "dw-not-now" | "dw-change") => this.dispatchEvent(new CustomEvent(name));
    return html`<section aria-label=${t("{name} rings as well", { name: from.name })}>
      <p role="alert">${icon("bellRing")}<span><strong>${from.name}</strong> ${t("rings as well")}</span></p>
      <button ?disabled=${this.busy} @click=${() => tell("dw-not-now")}>${t("Not now")}</button>
      <button class="answer" ?disabled=${this.busy || !mayAnswer} @click=${() => tell("dw-change")}>${t("Hang up and answer")}</button>
    </section>`;
  }
}

customElements.define("dw-second-call", DwSecondCall);
