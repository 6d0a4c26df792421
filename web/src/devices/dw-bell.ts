import { html, LitElement, nothing } from "lit";
import type { PageDevice, QuietHours } from "../api.ts";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import type { BellDraft, RingWay } from "../pure/bell-form.ts";
import type { RungHouse } from "../pure/bell-targets.ts";
import { isRoom } from "../pure/rooms.ts";
import "./dw-bell-words.ts";
import "./dw-quiet.ts";
import "./dw-rung.ts";

const ways: readonly { readonly way: RingWay; readonly words: string; readonly help: string }[] = [
  {
    way: "everybody",
    words: t("Everybody"),
    help: t("All who may talk to it, and the room stations and panels of its area."),
  },
  { way: "together", words: t("Only these, all at once"), help: "" },
  { way: "in-turn", words: t("One after another"), help: t("Each step falls silent when the next one rings.") },
];

/**
 * What happens when somebody rings at a device: whom it rings and in which order, which camera shows them, when it is quiet.
 * Event `dw-draft` with the whole draft after every change.
 */
export class DwBell extends LitElement {
  static override properties = {
    device: { attribute: false },
    devices: { attribute: false },
    house: { attribute: false },
    draft: { attribute: false },
    faults: { attribute: false },
  };
  declare device: PageDevice;
  /** Among which the camera is chosen. */
  declare devices: readonly PageDevice[];
  declare house: RungHouse;
  declare draft: BellDraft;
  /** What is wrong, by field. */
  declare faults: ReadonlyMap<string, string>;

  constructor() {
    super();
    this.faults = new Map();
  }

  /** Its fields are those of the device's form, with its style and its checks. */
  protected override createRenderRoot() {
    return this;
  }

  protected override render() {
    const { draft } = this;
    return html`
      ${this.#renderCamera()}
      <fieldset><legend>${t("Whom it rings")}</legend>
        ${ways.map(({ way, words, help }) => this.#renderWay(way, { words, help }))}
        ${draft.way === "together" ? this.#renderRung(0, t("Whom it rings")) : nothing}
        ${draft.way === "in-turn" ? this.#renderSteps() : nothing}
      </fieldset>
      <fieldset><legend>${t("When nobody answers")}</legend>
        ${this.#renderSeconds("ringS", { words: t("Rings for (seconds)"), usual: t("the house's, 45 unless set"), max: 300 })}
        <label class="check"><input type="checkbox" .checked=${draft.forwards} @change=${(event: Event) => this.#set({ forwards: (event.target as HTMLInputElement).checked })} /><span>${t("Ring others as well after a while")}</span></label>
        ${draft.forwards ? this.#renderForward() : nothing}
      </fieldset>
      <fieldset><legend>${t("Quiet hours of this bell")}</legend>
        <p class="help">${t("It rings nobody then, by the house's clock; who rang is in the history.")}</p>
        <dw-quiet .hours=${draft.quiet} .wrong=${this.#fault("quiet")} @dw-hours=${(event: CustomEvent<QuietHours>) => this.#set({ quiet: event.detail })}></dw-quiet>
      </fieldset>
      <label class="check"><input type="checkbox" .checked=${draft.openedEnds} @change=${(event: Event) => this.#set({ openedEnds: (event.target as HTMLInputElement).checked })} /><span>${t("Stop ringing when the door is opened")}</span></label>
      <dw-bell-words .draft=${draft} .house=${this.house} .faults=${this.faults} @dw-words=${(event: CustomEvent<Partial<BellDraft>>) => this.#set(event.detail)}></dw-bell-words>
    `;
  }

  #renderCamera() {
    const { camera } = this.draft;
    const shown = this.devices.filter(
      (device) => device.id !== this.device.id && (device.id === camera || !isRoom(device)),
    );
    const gone = camera !== "" && camera !== this.device.id && !shown.some(({ id }) => id === camera);
    return html`<label><span>${t("Camera that shows who rings")}</span><select aria-invalid=${this.#fault("camera") !== ""} @change=${(
      event: Event,
    ) => this.#set({ camera: (event.target as HTMLSelectElement).value })}>
        <option value="" ?selected=${camera === "" || camera === this.device.id}>${t("Its own picture, if it has one")}</option>
        ${shown.map(({ id, name }) => html`<option value=${id} ?selected=${id === camera}>${name}</option>`)}
        ${gone ? html`<option value=${camera} selected>${t("{camera} (not found)", { camera })}</option>` : nothing}
      </select>${this.#renderFault("camera")}</label>`;
  }

  #renderWay(way: RingWay, { words, help }: { readonly words: string; readonly help: string }) {
    return html`<label class="check"><input type="radio" name="ring-way" .checked=${this.draft.way === way} @change=${() => this.#set({ way })} /><span>${words}${help ? html`<br /><span class="help">${help}</span>` : nothing}</span></label>`;
  }

  #renderRung(index: number, label: string) {
    const wrong = [this.#fault(`groups.${index}`), this.draft.way === "together" ? this.#fault("rings") : ""];
    return html`<dw-rung .house=${this.house} .rung=${this.draft.groups[index] ?? []} label=${label} .wrong=${wrong.find(Boolean) ?? ""} @dw-rung=${(
      event: CustomEvent<readonly string[]>,
    ) => this.#setGroup(index, event.detail)}></dw-rung>`;
  }

  #renderSteps() {
    const { groups } = this.draft;
    return html`<ol class="steps">${groups.map(
      (_, index) => html`<li>
          <div class="step"><strong>${index === 0 ? t("First") : t("Then")}</strong>
            <button type="button" class="ghost icon" aria-label=${t("Step {number} earlier", { number: index + 1 })} ?disabled=${index === 0} @click=${() => this.#swap(index)}>${icon("up")}</button>
            <button type="button" class="ghost icon" aria-label=${t("Remove step {number}", { number: index + 1 })} ?disabled=${groups.length === 1} @click=${() => this.#set({ groups: groups.filter((_group, at) => at !== index) })}>${icon("trash")}</button>
          </div>
          ${this.#renderRung(index, t("Step {number}", { number: index + 1 }))}
        </li>`,
    )}</ol>
      <button type="button" ?disabled=${groups.length >= 8} @click=${() => this.#set({ groups: [...groups, []] })}>${icon("plus")}${t("Add a step")}</button>
      ${this.#renderSeconds("groupS", { words: t("Each step rings for (seconds)"), usual: "15", max: 120 })}`;
  }

  #renderForward() {
    return html`${this.#renderSeconds("forwardAfterS", { words: t("After (seconds)"), usual: "30", max: 300, field: "forward.afterS" })}
      <dw-rung .house=${this.house} .rung=${this.draft.forwardTo} label=${t("Rung as well")} .wrong=${this.#fault("forward.to")} @dw-rung=${(
        event: CustomEvent<readonly string[]>,
      ) => this.#set({ forwardTo: event.detail })}></dw-rung>`;
  }

  #renderSeconds(
    name: "ringS" | "groupS" | "forwardAfterS",
    of: { readonly words: string; readonly usual: string; readonly max: number; readonly field?: string },
  ) {
    const field = of.field ?? name;
    return html`<label><span>${of.words}</span><input type="number" inputmode="numeric" min="5" max=${of.max} step="1" placeholder=${of.usual} aria-invalid=${this.#fault(field) !== ""} .value=${this.draft[name]} @input=${(
      event: Event,
    ) => this.#set({ [name]: (event.target as HTMLInputElement).value })} />${this.#renderFault(field)}</label>`;
  }

  #renderFault(field: string) {
    const wrong = this.#fault(field);
    return wrong ? html`<span class="fault" role="alert">${wrong}</span>` : nothing;
  }

  /** What is wrong with a field or with a part of it. */
  #fault(field: string): string {
    const found = [...this.faults].find(([name]) => name === field || name.startsWith(`${field}.`));
    return found?.[1] ?? "";
  }

  #setGroup(index: number, rung: readonly string[]): void {
    this.#set({ groups: this.draft.groups.map((group, at) => (at === index ? rung : group)) });
  }

  #swap(index: number): void {
    const groups = [...this.draft.groups];
    groups.splice(index - 1, 0, ...groups.splice(index, 1));
    this.#set({ groups });
  }

  #set(change: Partial<BellDraft>): void {
    this.draft = { ...this.draft, ...change };
    this.dispatchEvent(new CustomEvent("dw-draft", { detail: this.draft }));
  }
}

customElements.define("dw-bell", DwBell);
