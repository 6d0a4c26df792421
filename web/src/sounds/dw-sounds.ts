import { css, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { call, type SaidAnswer, type Sound, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { confirmDialog, dialogStyles, showDialogs } from "../parts/confirm.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { fileSize, soundDone, soundLength } from "../pure/sound-words.ts";
import { sayHeard } from "../pure/talk-words.ts";

/** The sounds folder, for administrators: what there is, to be played, added, renamed and deleted. */
export class DwSounds extends HubElement {
  static override properties = {
    ...HubElement.properties,
    sounds: { state: true },
    to: { state: true },
    renaming: { state: true },
    deleting: { state: true },
    busy: { state: true },
    good: { state: true },
    wrong: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    dialogStyles,
    css`
      :host,
      form.new {
        display: grid;
        gap: 12px;
      }
      ul {
        list-style: none;
        padding: 0;
        margin: 0;
      }
      li,
      form.name {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 4px 8px;
        align-items: center;
      }
      li {
        padding: 8px 0;
      }
      form.name {
        grid-column: 1 / -1;
      }
      li + li {
        border-top: 1px solid var(--dw-line);
      }
      li strong {
        overflow-wrap: anywhere;
      }
      .acts {
        display: flex;
        gap: 4px;
      }
      form.new button {
        justify-self: start;
      }
    `,
  ];
  declare sounds: readonly Sound[] | undefined;
  /** The channel where one is played. */
  declare to: string;
  /** Names of the files that are being renamed, or that a question is asked about. */
  declare renaming: string;
  declare deleting: string;
  declare busy: boolean;
  declare good: string;
  declare wrong: string;

  constructor() {
    super();
    this.to = "";
    this.renaming = "";
    this.deleting = "";
    this.busy = false;
    this.good = "";
    this.wrong = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#do(async () => "");
  }

  protected override updated(): void {
    showDialogs(this.renderRoot);
  }

  protected override render() {
    const { sounds = [], wrong, good } = this;
    return html`
      <p class="muted">${t("Files that devices can play: for announcements, as chimes of bells, and from Home Assistant.")}</p>
      ${wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${wrong}</span></div>` : nothing}
      ${good ? html`<div class="good" role="status">${icon("check")}<span>${good}</span></div>` : nothing}
      ${this.#renderWhere()}
      ${this.sounds?.length === 0 ? html`<p>${t("There are none yet.")}</p>` : nothing}
      <ul>${repeat(
        sounds,
        ({ name }) => name,
        (sound) => this.#renderOne(sound),
      )}</ul>
      ${this.#renderNew()} ${this.#renderQuestion()}
    `;
  }

  /** Where they are played to listen to them: the first place unless another one was chosen. */
  get #places(): readonly { readonly to: string; readonly name: string }[] {
    const speaking = this.hub.devices.filter(({ can, speaker }) => speaker ?? can?.talk !== "no");
    return [...speaking.map(({ id, name }) => ({ to: `device:${id}`, name })), { to: "all", name: t("Everywhere") }];
  }

  #renderWhere() {
    const places = this.#places;
    return html`<label><span>${t("Play at")}</span><select @change=${(event: Event) => {
      this.to = (event.target as HTMLSelectElement).value;
    }}>${places.map(({ to, name }) => html`<option value=${to} ?selected=${to === this.to}>${name}</option>`)}</select></label>`;
  }

  #renderOne({ name, seconds, bytes }: Sound) {
    const isNamed = this.renaming === name;
    return html`<li>
      <div><strong>${name}</strong><br /><span class="muted small">${soundLength(seconds)}, ${fileSize(bytes)}</span></div>
      <div class="acts">
        ${seconds === undefined ? nothing : html`<button class="ghost icon" aria-label=${t("Play {name}", { name })} title=${t("Play")} ?disabled=${this.busy} @click=${() => this.#play(name)}>${icon("sound")}</button>`}
        <button class="ghost icon" aria-label=${t("Rename {name}", { name })} title=${t("Rename")} aria-expanded=${isNamed} @click=${() => {
          this.renaming = isNamed ? "" : name;
        }}>${icon("edit")}</button>
        <button class="ghost icon" aria-label=${t("Delete {name}", { name })} title=${t("Delete")} @click=${() => {
          this.deleting = name;
        }}>${icon("trash")}</button>
      </div>
      ${
        isNamed
          ? html`<form class="name" @submit=${(event: SubmitEvent) => this.#rename(event, name)} autocomplete="off">
              <label><span>${t("New name")}</span><input name="name" required maxlength="64" .defaultValue=${name} /></label>
              <button class="primary" ?disabled=${this.busy}>${icon("check")}${t("Rename")}</button>
            </form>`
          : nothing
      }
    </li>`;
  }

  #renderNew() {
    return html`<form class="new" @submit=${this.#add}>
      <label><span>${t("Add a sound")}</span><input type="file" name="file" accept="audio/*,video/mp4" required /><span class="help">${t("WAV, MP3, OGG and whatever else can be played, at most 16 MiB. Of up to a minute it is a chime as well.")}</span></label>
      <button ?disabled=${this.busy}>${icon("plus")}${this.busy ? t("Working …") : t("Add")}</button>
    </form>`;
  }

  #renderQuestion() {
    const name = this.deleting;
    if (!name) return nothing;
    return confirmDialog({
      title: t("Delete {name}?", { name }),
      text: t("Whatever rings or plays it has to use another one then."),
      yes: t("Delete"),
      onYes: () => this.#delete(name),
      onClose: () => {
        this.deleting = "";
      },
    });
  }

  #add = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const file = new FormData(form).get("file") as File;
    return this.#do(async () => {
      const added = await call<Sound>("POST", `/api/v1/sounds?name=${encodeURIComponent(file.name)}`, { file });
      form.reset();
      return soundDone.added(added.name);
    });
  };

  #rename(event: SubmitEvent, from: string): void {
    event.preventDefault();
    const name = String(new FormData(event.target as HTMLFormElement).get("name") ?? "").trim();
    void this.#do(async () => {
      const renamed = await call<Sound>("PATCH", path(from), { body: { name } });
      this.renaming = "";
      return soundDone.renamed(renamed.name);
    });
  }

  #delete(name: string): void {
    void this.#do(async () => {
      await call("DELETE", path(name));
      return soundDone.deleted(name);
    });
  }

  #play(file: string): void {
    const to = this.to || (this.#places[0]?.to ?? "all");
    void this.#do(async () => {
      const { hearing = [] } = await call<SaidAnswer>("POST", "/api/v1/say", { body: { to, file } });
      const isHeard = hearing.every(({ state }) => state !== "failed" && state !== "quiet");
      return isHeard ? soundDone.played(file) : `${sayHeard(hearing, this.hub.devices)}.`;
    });
  }

  async #do(act: () => Promise<string>): Promise<void> {
    this.busy = true;
    this.good = "";
    this.wrong = "";
    try {
      this.good = await act();
      this.sounds = (await call<{ readonly sounds: readonly Sound[] }>("GET", "/api/v1/sounds")).sounds;
    } catch (error) {
      this.wrong = sentence(error);
    } finally {
      this.busy = false;
    }
  }
}

function path(name: string): string {
  return `/api/v1/sounds/${encodeURIComponent(name)}`;
}

customElements.define("dw-sounds", DwSounds);
