import { html, LitElement, nothing } from "lit";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import { bellTargets, type RungHouse, sayBellTarget } from "../pure/bell-targets.ts";

/** Whom a bell rings: those chosen, and a list to choose more from. Event `dw-rung` with all of them after every change. */
export class DwRung extends LitElement {
  static override properties = { house: { attribute: false }, rung: { attribute: false }, label: {}, wrong: {} };
  declare house: RungHouse;
  declare rung: readonly string[];
  /** What it says to screen readers. */
  declare label: string;
  declare wrong: string;

  constructor() {
    super();
    this.rung = [];
    this.label = "";
    this.wrong = "";
  }

  /** It takes the style of the form that it is a part of. */
  protected override createRenderRoot() {
    return this;
  }

  protected override render() {
    const left = bellTargets(this.house)
      .map(({ heading, choices }) => ({ heading, choices: choices.filter(({ to }) => !this.rung.includes(to)) }))
      .filter(({ choices }) => choices.length > 0);
    return html`<div class="rung" role="group" aria-label=${this.label}>
      ${this.rung.map((to) => this.#renderOne(to))}
      <select aria-label=${t("Add to: {label}", { label: this.label })} aria-invalid=${this.wrong !== ""} @change=${this.#add}>
        <option value="" selected>${t("Add somebody")}</option>
        ${left.map(({ heading, choices }) => html`<optgroup label=${heading}>${choices.map(({ to, name }) => html`<option value=${to}>${name}</option>`)}</optgroup>`)}
      </select>
      ${this.wrong ? html`<p class="fault" role="alert">${this.wrong}</p>` : nothing}
    </div>`;
  }

  #renderOne(to: string) {
    const name = sayBellTarget(to, this.house);
    return html`<span class="chip">${name}<button type="button" class="ghost icon" aria-label=${t("Remove {name}", { name })} @click=${() => this.#tell(this.rung.filter((each) => each !== to))}>${icon("close")}</button></span>`;
  }

  #add(event: Event): void {
    const list = event.target as HTMLSelectElement;
    const { value } = list;
    list.value = "";
    if (value && !this.rung.includes(value)) this.#tell([...this.rung, value]);
  }

  #tell(rung: readonly string[]): void {
    this.rung = rung;
    this.dispatchEvent(new CustomEvent("dw-rung", { detail: rung }));
  }
}

customElements.define("dw-rung", DwRung);
