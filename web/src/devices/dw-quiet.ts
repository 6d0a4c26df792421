import { html, LitElement, nothing } from "lit";
import type { QuietHours } from "../api.ts";
import { t } from "../language/t.ts";
import { weekday } from "../language/times.ts";
import { icon } from "../parts/icons.ts";

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

type Hours = QuietHours[number];

/**
 * Quiet hours to look at and to change, in the style of what it stands in. Event `dw-hours` with all of them
 * after every change.
 */
export class DwQuiet extends LitElement {
  static override properties = { hours: { attribute: false }, wrong: {} };
  declare hours: QuietHours;
  /** What is wrong with them. */
  declare wrong: string;

  constructor() {
    super();
    this.hours = [];
    this.wrong = "";
  }

  /** It takes the style of the form that it is a part of, and its fields are that form's. */
  protected override createRenderRoot() {
    return this;
  }

  protected override render() {
    return html`
      ${this.hours.map((hours, index) => this.#renderHours(hours, index))}
      ${this.wrong ? html`<p class="fault" role="alert">${this.wrong}</p>` : nothing}
      <button type="button" ?disabled=${this.hours.length >= 16} @click=${() => this.#tell([...this.hours, { from: "22:00", to: "07:00" }])}>${icon("moon")}${t("Add quiet hours")}</button>
    `;
  }

  #renderHours(hours: Hours, index: number) {
    const time = (end: "from" | "to", words: string) =>
      html`<label class="inline"><span>${words}</span><input type="time" required .value=${hours[end]} @change=${(
        event: Event,
      ) => {
        const { value } = event.target as HTMLInputElement;
        if (value) this.#change(index, { ...hours, [end]: value });
      }} /></label>`;
    return html`<div class="hours" role="group" aria-label=${t("Quiet hours {number}", { number: index + 1 })}>
      ${time("from", t("From"))}${time("to", hours.to <= hours.from ? t("to, the next day") : t("to"))}
      <span class="days" role="group" aria-label=${t("Days on which they begin")}>${days.map((day) => this.#renderDay(day, { hours, index }))}</span>
      <button type="button" class="ghost icon" aria-label=${t("Remove quiet hours {number}", { number: index + 1 })} @click=${() => this.#tell(this.hours.filter((_, at) => at !== index))}>${icon("trash")}</button>
    </div>`;
  }

  #renderDay(day: (typeof days)[number], { hours, index }: { readonly hours: Hours; readonly index: number }) {
    const chosen: readonly string[] = hours.days ?? days;
    const on = chosen.includes(day);
    const toggle = () => {
      const next = days.filter((each) => (each === day ? !on : chosen.includes(each)));
      // None at all would be no quiet hours: those are removed.
      if (next.length === 0) return;
      const { days: _, ...times } = hours;
      this.#change(index, next.length === days.length ? times : { ...times, days: next });
    };
    return html`<button type="button" class="day" aria-pressed=${on} @click=${toggle}><span aria-hidden="true">${weekday(days.indexOf(day), "short")}</span><span class="unseen">${weekday(days.indexOf(day), "long")}</span></button>`;
  }

  #change(index: number, hours: Hours): void {
    this.#tell(this.hours.map((old, at) => (at === index ? hours : old)));
  }

  #tell(hours: QuietHours): void {
    this.hours = hours;
    this.dispatchEvent(new CustomEvent("dw-hours", { detail: hours }));
  }
}

customElements.define("dw-quiet", DwQuiet);
