import { html, LitElement, nothing } from "lit";
import { type VisitorText, visitorTexts } from "../../../src/hub/visitor-words.ts";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import type { BellDraft, NamedBell, VisitorWords } from "../pure/bell-form.ts";
import type { RungHouse } from "../pure/bell-targets.ts";
import "./dw-rung.ts";

const moments: Readonly<Record<VisitorText, string>> = {
  ringing: t("While it rings"),
  unreachable: t("Nobody can be reached"),
  missed: t("Nobody answered"),
  declined: t("It was declined without a word"),
  opened: t("The door was opened"),
};

/** What a bell says to the visitor, and what its several buttons are called. Event `dw-words` with what was changed. */
export class DwBellWords extends LitElement {
  static override properties = {
    draft: { attribute: false },
    house: { attribute: false },
    faults: { attribute: false },
  };
  declare draft: BellDraft;
  declare house: RungHouse;
  /** What is wrong, by field. */
  declare faults: ReadonlyMap<string, string>;

  constructor() {
    super();
    this.faults = new Map();
  }

  /** Its fields are those of the device's form, with its style. */
  protected override createRenderRoot() {
    return this;
  }

  protected override render() {
    const { names, texts } = this.draft;
    const own = visitorTexts.some((text) => texts[text].how !== "house");
    return html`
      <details ?open=${own || this.#wrongIn("texts")}><summary>${t("What the visitor hears")}</summary>
        <p class="help">${t("In place of the house's tone and sentences, which are in the house's language.")}</p>
        ${visitorTexts.map((text) => this.#renderText(text))}
      </details>
      <details ?open=${names.length > 0 || this.#wrongIn("names")}><summary>${t("Several bells")}</summary>
        <p class="help">${t("Of a station with a button for each flat: what each is called, and whom it rings. One that rings nobody of its own rings as above.")}</p>
        ${names.map((bell, index) => this.#renderName(bell, index))}
        <button type="button" @click=${() => this.#tell({ names: [...names, { key: String(names.length + 1), name: "", rings: undefined }] })}>${icon("plus")}${t("Add a bell")}</button>
      </details>
    `;
  }

  #renderText(text: VisitorText) {
    const { how, words } = this.draft.texts[text];
    const wrong = this.faults.get(`texts.${text}`) ?? "";
    const set = (change: Partial<VisitorWords>) =>
      this.#tell({ texts: { ...this.draft.texts, [text]: { how, words, ...change } } });
    const option = (value: VisitorWords["how"], label: string) =>
      html`<option value=${value} ?selected=${how === value}>${label}</option>`;
    return html`<div class="said"><label><span>${moments[text]}</span><select @change=${(event: Event) => set({ how: (event.target as HTMLSelectElement).value as VisitorWords["how"] })}>
        ${option("house", text === "ringing" ? t("The house's tone") : t("The house's sentence"))}${option("own", t("Own words"))}${option("silent", t("Nothing"))}
      </select></label>
      ${how === "own" ? html`<input aria-label=${t("{text}: own words", { text: moments[text] })} maxlength="300" aria-invalid=${wrong !== ""} .value=${words} @input=${(event: Event) => set({ words: (event.target as HTMLInputElement).value })} />` : nothing}
      ${wrong ? html`<p class="fault" role="alert">${wrong}</p>` : nothing}</div>`;
  }

  #renderName(bell: NamedBell, index: number) {
    const { names } = this.draft;
    const wrong = this.faults.get(`names.${index}`) ?? this.faults.get(`names.${bell.key}.name`) ?? "";
    const set = (change: Partial<NamedBell>) =>
      this.#tell({ names: names.map((old, at) => (at === index ? { ...bell, ...change } : old)) });
    return html`<div class="named" role="group" aria-label=${t("Bell {key}", { key: bell.key })}>
      <label><span>${t("Number")}</span><input maxlength="64" .value=${bell.key} @input=${(event: Event) => set({ key: (event.target as HTMLInputElement).value })} /></label>
      <label><span>${t("Name")}</span><input maxlength="64" placeholder=${t("Flat 2")} aria-invalid=${wrong !== ""} .value=${bell.name} @input=${(event: Event) => set({ name: (event.target as HTMLInputElement).value })} /></label>
      <button type="button" class="ghost icon" aria-label=${t("Remove bell {key}", { key: bell.key })} @click=${() => this.#tell({ names: names.filter((_, at) => at !== index) })}>${icon("trash")}</button>
      <dw-rung .house=${this.house} .rung=${bell.rings ?? []} label=${t("Whom bell {key} rings", { key: bell.key })} .wrong=${wrong} @dw-rung=${(
        event: CustomEvent<readonly string[]>,
      ) => set({ rings: event.detail.length > 0 ? event.detail : undefined })}></dw-rung>
    </div>`;
  }

  #wrongIn(part: "texts" | "names"): boolean {
    return [...this.faults.keys()].some((field) => field.startsWith(part));
  }

  #tell(change: Partial<BellDraft>): void {
    this.dispatchEvent(new CustomEvent("dw-words", { detail: change }));
  }
}

customElements.define("dw-bell-words", DwBellWords);
