import { css, html, LitElement, nothing } from "lit";
import { call } from "../api.ts";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import { base, fields, page } from "../parts/styles.ts";
import { type MqttState, mqttWords } from "../pure/mqtt-words.ts";

/** Who shows the hub's devices in Home Assistant, for administrators of a hub that speaks MQTT; nothing for others. */
export class DwMqtt extends LitElement {
  static override properties = { state: { state: true } };
  static override styles = [
    base,
    fields,
    page,
    css`
      :host {
        padding: 0;
        margin: 0;
        max-width: none;
      }
      section {
        padding: 24px;
        margin-bottom: 16px;
        display: grid;
        gap: 16px;
      }
      @media (max-width: 640px) {
        section {
          padding: 16px;
        }
      }
    `,
  ];
  declare state: MqttState | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    call<MqttState>("GET", "/api/v1/mqtt").then(
      (state) => {
        this.state = state;
      },
      () => {}, // no MQTT: there is nothing to say
    );
  }

  protected override render() {
    if (!this.state) return nothing;
    const { sentence, isTwice } = mqttWords(this.state);
    return html`<section class="panel">
      <h2>${t("Home Assistant over MQTT")}</h2>
      ${isTwice ? html`<div class="wrong" role="alert">${icon("warn")}<span>${sentence}</span></div>` : html`<p>${sentence}</p>`}
    </section>`;
  }
}

customElements.define("dw-mqtt", DwMqtt);
