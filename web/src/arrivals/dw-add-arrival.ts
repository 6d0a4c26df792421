import { css, html, nothing } from "lit";
import { arrivalWords as kinds } from "../../../src/hub/arrival-kinds.ts";
import { call, type PageDevice, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { arrivalWords } from "../pure/arrival-words.ts";
import { href } from "../pure/route.ts";
import "./dw-handouts.ts";

/** A device that will call the hub, made beforehand: its kind and name, and then its token. */
export class DwAddArrival extends HubElement {
  static override properties = {
    ...HubElement.properties,
    made: { state: true },
    token: { state: true },
    wrong: { state: true },
    busy: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    css`
      :host {
        display: grid;
        gap: 20px;
        max-width: 720px;
      }
      fieldset {
        display: grid;
        gap: 8px;
        border: 0;
        padding: 0;
        margin: 0;
      }
      legend {
        padding: 0 0 4px;
        font-weight: 600;
      }
      fieldset label {
        display: flex;
        gap: 12px;
        padding: 12px 16px;
        border: 1px solid var(--dw-line);
        border-radius: var(--dw-radius);
        background: var(--dw-surface);
      }
      fieldset label:has(:checked) {
        border-color: var(--dw-accent);
      }
      fieldset span {
        font-weight: 400;
      }
      .pair {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 16px;
      }
      @media (max-width: 480px) {
        .pair {
          grid-template-columns: 1fr;
        }
      }
    `,
  ];
  declare made: PageDevice | undefined;
  declare token: string;
  declare wrong: string;
  declare busy: boolean;

  constructor() {
    super();
    this.token = "";
    this.wrong = "";
    this.busy = false;
  }

  protected override render() {
    const { made, token, wrong, busy } = this;
    if (made && token) {
      return html`<dw-handouts kind=${made.kind} device=${made.id} .name=${made.name} .token=${token} @dw-done=${() => {
        location.hash = href({ screen: "devices" });
      }}></dw-handouts>`;
    }
    return html`<form @submit=${this.#make} autocomplete="off">
      <fieldset><legend>${t("What it is")}</legend>${kinds.map((kind, index) => {
        const { name, what } = arrivalWords[kind];
        return html`<label><input type="radio" name="arrives" value=${kind} ?checked=${index === 0} /><span><strong>${name}</strong><br /><span class="help">${what}</span></span></label>`;
      })}</fieldset>
      <div class="pair">
        <label><span>${t("Name")}</span><input name="name" required maxlength="64" placeholder=${t("Kitchen")} /></label>
        <label><span>${t("Area")}</span><input name="area" maxlength="64" list="areas" placeholder=${t("Ground floor")} /><datalist id="areas">${this.hub.areas.map((area) => html`<option value=${area}></option>`)}</datalist></label>
      </div>
      ${wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${wrong}</span></div>` : nothing}
      <div class="row">
        <button class="primary" ?disabled=${busy}>${icon("key")}${busy ? t("Making") : t("Make it and its token")}</button>
        <a class="button ghost" href=${href({ screen: "devices" })}>${t("Cancel")}</a>
      </div>
      <p class="help">${t("Or let the device call first: it then waits under Devices until you let it in.")}</p>
    </form>`;
  }

  async #make(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const text = (name: string) => String(data.get(name) ?? "").trim();
    const area = text("area");
    this.busy = true;
    this.wrong = "";
    try {
      this.made ??= await call<PageDevice>("POST", "/api/v1/devices", {
        body: { name: text("name"), arrives: text("arrives"), ...(area && { area }) },
      });
      this.hub.learn(this.made);
      const path = `/api/v1/devices/${encodeURIComponent(this.made.id)}/token`;
      this.token = (await call<{ readonly token: string }>("POST", path)).token;
    } catch (error) {
      this.wrong = sentence(error);
    } finally {
      this.busy = false;
    }
  }
}

customElements.define("dw-add-arrival", DwAddArrival);
