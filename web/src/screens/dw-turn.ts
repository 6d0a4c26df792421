import { css, html, LitElement, nothing } from "lit";
import { call, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";

interface TurnServer {
  readonly url: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Asks the hub whether its TURN servers relay, for an administrator. */
export class DwTurn extends LitElement {
  static override properties = { busy: { state: true }, wrong: { state: true }, servers: { state: true } };
  static override styles = [
    base,
    buttons,
    fields,
    css`
      .found {
        display: grid;
        gap: 12px;
      }
      .found > div {
        overflow-wrap: anywhere;
      }
      button {
        justify-self: start;
      }
    `,
  ];
  declare busy: boolean;
  declare wrong: string;
  declare servers: readonly TurnServer[] | undefined;

  constructor() {
    super();
    this.busy = false;
    this.wrong = "";
  }

  protected override render() {
    return html`<div class="found">
      <p class="muted">${t("Where no direct way connects a viewer or a camera's agent, a TURN server relays for them.")}</p>
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      ${this.servers?.length === 0 ? html`<p>${t("None is set: see whep.turn in the configuration.")}</p>` : nothing}
      ${this.servers?.map(
        ({ url, ok, detail }) =>
          html`<div class=${ok ? "good" : "wrong"} role=${ok ? "status" : "alert"}><span><strong>${url}</strong> ${detail}</span></div>`,
      )}
      <button ?disabled=${this.busy} @click=${this.#check}>${this.busy ? t("Asking …") : t("Ask it for a relay")}</button>
    </div>`;
  }

  async #check(): Promise<void> {
    this.busy = true;
    this.wrong = "";
    try {
      ({ servers: this.servers } = await call<{ servers: readonly TurnServer[] }>("POST", "/api/v1/turn-check"));
    } catch (error) {
      this.wrong = sentence(error);
    }
    this.busy = false;
  }
}

customElements.define("dw-turn", DwTurn);
