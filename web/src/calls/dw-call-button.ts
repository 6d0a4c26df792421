import { html, nothing } from "lit";
import { type ChannelId, call, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons } from "../parts/styles.ts";

/** Calls one room, area or group; what comes of it is shown by `dw-calling`. Says why no call came of it. */
export class DwCallButton extends HubElement {
  static override properties = { ...HubElement.properties, to: {}, name: {}, wrong: { state: true } };
  static override styles = [base, buttons];
  declare to: ChannelId;
  declare name: string;
  declare wrong: string;

  constructor() {
    super();
    this.name = "";
    this.wrong = "";
  }

  protected override render() {
    const busy = [...this.hub.calls.values()].some(({ participants, you }) =>
      participants.some(({ party }) => party === you),
    );
    return html`<button aria-label=${t("Call {name}", { name: this.name })} ?disabled=${busy} @click=${this.#call}>${icon("phone")}<span>${t("Call")}</span></button>
      ${this.wrong ? html`<span class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></span>` : nothing}`;
  }

  #call = async (): Promise<void> => {
    this.wrong = "";
    try {
      await call("POST", "/api/v1/calls", { body: { to: this.to } });
    } catch (error) {
      this.wrong = sentence(error);
    }
  };
}

customElements.define("dw-call-button", DwCallButton);
