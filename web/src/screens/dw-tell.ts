import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { type Chime, call, type SaidAnswer, sentence } from "../api.ts";
import type { Hub } from "../app/hub.ts";
import { t } from "../language/t.ts";
import { dialogStyles, showDialogs } from "../parts/confirm.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { sayHeard } from "../pure/talk-words.ts";
import type { Target } from "../pure/target.ts";

/**
 * What can be said somewhere without speaking: ring, announce a text, play a chime; and the chimes themselves, for who keeps
 * them. A dialog while it is in the page. Event: `dw-closed`.
 */
export class DwTell extends LitElement {
  static override properties = {
    hub: { attribute: false },
    target: { attribute: false },
    chimes: { state: true },
    chime: { state: true },
    keeping: { state: true },
    busy: { state: true },
    good: { state: true },
    unheard: { state: true },
    wrong: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    dialogStyles,
    css`
      form,
      section {
        display: grid;
        gap: 8px;
        padding-top: 16px;
        border-top: 1px solid var(--dw-line);
      }
      .line {
        display: flex;
        gap: 8px;
        align-items: end;
      }
      .line label {
        flex: 1;
        min-width: 0;
      }
      .line button {
        min-height: 44px;
      }
      ul {
        list-style: none;
      }
      li {
        display: flex;
        align-items: center;
        gap: 8px;
        min-height: 44px;
      }
      li span:first-child {
        flex: 1;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .keep {
        justify-self: start;
        padding: 0;
        min-height: var(--dw-touch, 40px);
        color: var(--dw-accent);
        font-weight: 400;
      }
      input[type="file"] {
        padding: 8px;
      }
      @media (max-width: 480px) {
        .rings {
          display: grid;
        }
      }
    `,
  ];
  declare hub: Hub;
  declare target: Target;
  declare chimes: readonly Chime[] | undefined;
  /** The chosen chime's name. */
  declare chime: string;
  /** The list of chimes is shown, to add and delete. */
  declare keeping: boolean;
  declare busy: boolean;
  declare good: string;
  /** What was done was heard by some only, or by nobody. */
  declare unheard: boolean;
  declare wrong: string;

  constructor() {
    super();
    this.chime = "";
    this.keeping = false;
    this.busy = false;
    this.good = "";
    this.unheard = false;
    this.wrong = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override updated(changed: PropertyValues<this>): void {
    showDialogs(this.renderRoot);
    if (changed.has("good") || changed.has("wrong"))
      this.renderRoot.querySelector(".good, .note, .wrong")?.scrollIntoView({ block: "nearest" });
  }

  protected override render() {
    return html`<dialog aria-labelledby="title" @close=${() => this.dispatchEvent(new CustomEvent("dw-closed"))}>
      <div class="top">
        <div><h2 id="title">${this.target.name}</h2><p class="muted">${t("Ring, or have something said.")}</p></div>
        <button class="ghost icon" aria-label=${t("Close")} @click=${this.#close}>${icon("close")}</button>
      </div>
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      ${this.good ? html`<div class=${this.unheard ? "note" : "good"} role="status">${icon(this.unheard ? "warn" : "check")}<span>${this.good}</span></div>` : nothing}
      ${this.#renderRing()} ${this.#renderText()} ${this.keeping ? this.#renderKept() : nothing}
    </dialog>`;
  }

  #renderRing() {
    const { chimes } = this;
    if (chimes?.length === 0) return nothing;
    return html`<section>
      <div class="line rings">
        <label><span>${t("Chime")}</span><select ?disabled=${!chimes} @change=${(event: Event) => {
          this.chime = (event.target as HTMLSelectElement).value;
        }}>${(chimes ?? []).map(({ name, seconds }) => html`<option value=${name} ?selected=${name === this.chime}>${name} (${Math.max(1, Math.round(seconds))} s)</option>`)}</select></label>
        <button class="primary" ?disabled=${this.busy || !chimes} @click=${this.#ring}>${icon("bellRing")}${t("Ring")}</button>
        <button ?disabled=${this.busy || !chimes} @click=${this.#play}>${icon("sound")}${t("Only play it")}</button>
      </div>
      <p class="help">${t("To ring also shows there that you are calling.")}</p>
      ${
        this.hub.administrator && !this.keeping
          ? html`<button class="ghost keep" @click=${() => {
              this.keeping = true;
            }}>${t("Add or delete chimes")}</button>`
          : nothing
      }
    </section>`;
  }

  #renderText() {
    return html`<form @submit=${this.#announce} autocomplete="off">
      <div class="line">
        <label><span>${t("Announce a text")}</span><input name="text" required maxlength="2000" placeholder=${t("Dinner is ready")} /></label>
        <button ?disabled=${this.busy}>${icon("speaker")}${t("Say it")}</button>
      </div>
    </form>`;
  }

  #renderKept() {
    return html`<form @submit=${this.#upload} autocomplete="off">
      <h3>${t("Chimes")}</h3>
      <ul>${(this.chimes ?? []).map(
        ({ name, builtIn, file }) =>
          html`<li><span>${name}</span>${builtIn ? html`<span class="muted small">${t("always there")}</span>` : file !== undefined ? html`<span class="muted small">${t("in the sounds folder")}</span>` : html`<button type="button" class="ghost icon" aria-label=${t("Delete {name}", { name })} title=${t("Delete")} @click=${() => this.#remove(name)}>${icon("trash")}</button>`}</li>`,
      )}</ul>
      <label><span>${t("A sound of your own")}</span><input type="file" name="file" accept=".wav,audio/wav,audio/x-wav" required /><span class="help">${t("A WAV file of at most 5 MiB and one minute.")}</span></label>
      <div class="line">
        <label><span>${t("Name")}</span><input name="name" required maxlength="48" placeholder=${t("Gong")} /></label>
        <button ?disabled=${this.busy}>${icon("plus")}${t("Add")}</button>
      </div>
    </form>`;
  }

  #close(): void {
    this.renderRoot.querySelector("dialog")?.close();
  }

  #ring = () =>
    this.#do(async () => {
      const answer = await call<SaidAnswer | undefined>("POST", "/api/v1/ring", {
        body: { to: this.target.to, chime: this.chime },
      });
      return this.#heard(answer, t("It rings now: {name}.", { name: this.target.name }));
    });

  #play = () =>
    this.#do(async () =>
      this.#heard(await this.#say({ chime: this.chime }), t("It is played now: {name}.", { name: this.target.name })),
    );

  #announce = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const text = String(new FormData(form).get("text") ?? "").trim();
    return this.#do(async () => {
      const answer = await this.#say({ text });
      form.reset();
      return this.#heard(answer, t("It is said now: {name}.", { name: this.target.name }));
    });
  };

  #upload = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const data = new FormData(form);
    const name = String(data.get("name") ?? "").trim();
    return this.#do(async () => {
      const path = `/api/v1/chimes?name=${encodeURIComponent(name)}`;
      await call("POST", path, { file: data.get("file") as File });
      form.reset();
      await this.#load();
      this.chime = name;
      return t("{name} was added.", { name });
    });
  };

  #remove(name: string): void {
    void this.#do(async () => {
      await call("DELETE", `/api/v1/chimes/${encodeURIComponent(name)}`);
      await this.#load();
      return t("{name} was deleted.", { name });
    });
  }

  #say(what: { readonly text: string } | { readonly chime: string }): Promise<SaidAnswer> {
    return call<SaidAnswer>("POST", "/api/v1/say", { body: { to: this.target.to, ...what } });
  }

  #heard(answer: SaidAnswer | undefined, otherwise: string): string {
    const hearing = answer?.hearing ?? [];
    this.unheard = hearing.some(({ state }) => state === "failed" || state === "quiet");
    return this.unheard ? `${sayHeard(hearing, this.target.devices)}.` : otherwise;
  }

  async #do(act: () => Promise<string>): Promise<void> {
    this.busy = true;
    this.unheard = false;
    this.good = "";
    this.wrong = "";
    try {
      this.good = await act();
    } catch (error) {
      this.wrong = sentence(error);
    } finally {
      this.busy = false;
    }
  }

  async #load(): Promise<void> {
    try {
      const { chimes } = await call<{ chimes: readonly Chime[] }>("GET", "/api/v1/chimes");
      this.chimes = chimes;
      if (!chimes.some(({ name }) => name === this.chime)) this.chime = chimes[0]?.name ?? "";
    } catch (error) {
      this.chimes = [];
      this.wrong = sentence(error);
    }
  }
}

customElements.define("dw-tell", DwTell);
