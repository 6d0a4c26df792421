import { css, html, nothing } from "lit";
import { call, type MutedBell, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { timeOfDay } from "../language/times.ts";
import { sayMuted } from "../pure/call-words.ts";
import { HubElement } from "./hub-element.ts";
import { icon } from "./icons.ts";
import { base, buttons } from "./styles.ts";

/** Bells that are silent for a while because they rang too often and nobody answered; each can be let ring again at once. */
export class DwMutedBells extends HubElement {
  static override properties = { ...HubElement.properties, wrong: { state: true } };
  static override styles = [
    base,
    buttons,
    css`
      p {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px;
        padding: 8px 16px;
        background: var(--dw-waiting-soft);
        border-bottom: 1px solid var(--dw-line);
      }
      svg {
        color: var(--dw-waiting);
      }
      span {
        flex: 1 1 200px;
      }
    `,
  ];
  declare wrong: string;

  constructor() {
    super();
    this.wrong = "";
  }

  protected override render() {
    return this.hub.mutedBells.map(
      (
        bell,
      ) => html`<p role="status">${icon("soundOff")}<span>${sayMuted(bell, (ms) => timeOfDay(ms))}${this.wrong ? html`<br />${this.wrong}` : nothing}</span>
        <button @click=${() => this.#unmute(bell)}>${icon("bellRing")}${t("Let it ring again")}</button></p>`,
    );
  }

  async #unmute({ from }: MutedBell): Promise<void> {
    this.wrong = "";
    try {
      await call("POST", `/api/v1/devices/${encodeURIComponent(from.deviceId ?? "")}/ring/unmute`);
    } catch (error) {
      this.wrong = sentence(error);
    }
  }
}

customElements.define("dw-muted-bells", DwMutedBells);
