import { css, html, nothing } from "lit";
import { call, sentence } from "../api.ts";
import { type Preferences, readPreferences, writePreferences } from "../app/preferences.ts";
import { languages } from "../language/languages.ts";
import { t } from "../language/t.ts";
import { at } from "../net/at.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields, page } from "../parts/styles.ts";
import { trustSteps, trustStyles } from "../parts/trust.ts";
import { idFromName } from "../pure/arrival-words.ts";
import { qualityWords, sayQuality } from "../pure/quality-words.ts";
import { howLong } from "../pure/words.ts";
import "./dw-mqtt.ts";
import "./dw-password.ts";
import type { DwSessions } from "./dw-sessions.ts";
import type { DwTokens } from "./dw-tokens.ts";
import "./dw-tokens.ts";
import "./dw-turn.ts";

/** How the page looks and sounds in this browser, the person's tokens, the certificate, and what this is. */
export class DwSettings extends HubElement {
  static override properties = {
    ...HubElement.properties,
    preferences: { state: true },
    uptime: { state: true },
    wrong: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    page,
    trustStyles,
    css`
      :host {
        max-width: 760px;
      }
      section {
        padding: 24px;
        margin-bottom: 16px;
        display: grid;
        gap: 16px;
      }
      fieldset {
        border: 0;
        padding: 0;
        margin: 0;
        min-width: 0;
      }
      legend {
        padding: 0;
        font-weight: 600;
        margin-bottom: 8px;
      }
      .choices {
        display: grid;
        grid-template-columns: repeat(3, 1fr);
        border: 1px solid var(--dw-control);
        border-radius: var(--dw-radius);
        overflow: hidden;
        max-width: 420px;
      }
      .choices label {
        display: grid;
        place-items: center;
        min-height: 44px;
        padding: 4px 8px;
        text-align: center;
        cursor: pointer;
      }
      .choices label + label {
        border-left: 1px solid var(--dw-control);
      }
      .choices input {
        position: absolute;
        opacity: 0;
      }
      .choices label:has(:checked) {
        background: var(--dw-accent-soft);
        color: var(--dw-accent);
        font-weight: 600;
      }
      .choices label:has(:focus-visible) {
        outline: 2px solid var(--dw-accent);
        outline-offset: -3px;
      }
      .choices + .help {
        margin-top: 8px;
      }
      /* A long word for a long deed: it goes on two lines before it leaves a phone. */
      section form {
        grid-template-columns: minmax(0, 1fr);
      }
      section form button {
        min-width: 0;
        padding: 4px 16px;
        white-space: normal;
      }
      .panel-link {
        display: inline-flex;
        align-items: center;
        min-height: var(--dw-touch, 40px);
      }
      .choices span:first-child {
        font-weight: inherit;
      }
      .check {
        padding: 0;
      }
      .pair {
        display: flex;
        gap: 16px;
        flex-wrap: wrap;
      }
      .hours {
        display: flex;
        gap: 8px;
        align-items: center;
        flex-wrap: wrap;
      }
      .hours select {
        width: auto;
      }
      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        align-items: center;
        gap: 8px 24px;
      }
      dt {
        color: var(--dw-muted);
      }
      @media (max-width: 640px) {
        section {
          padding: 16px;
        }
      }
    `,
  ];
  declare preferences: Preferences;
  declare uptime: number | undefined;
  declare wrong: string;

  constructor() {
    super();
    this.preferences = readPreferences();
    this.wrong = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void import("../calls/dw-ringing.ts");
    void import("./dw-sessions.ts");
    if (this.hub.administrator)
      void Promise.all([import("../sounds/dw-sounds.ts"), import("../sounds/dw-say-hosts.ts")]);
    call<{ uptimeSeconds: number }>("GET", "/health").then(
      ({ uptimeSeconds }) => {
        this.uptime = uptimeSeconds;
      },
      (error: unknown) => {
        this.wrong = sentence(error);
      },
    );
  }

  protected override render() {
    const { session } = this.hub;
    return html`
      <header>
        <h1>${t("Settings")}</h1>
        ${session?.ingress ? nothing : html`<button @click=${this.#signOut}>${icon("signOut")}${session?.user ? t("Sign out {name}", { name: session.user.name }) : t("Sign out")}</button>`}
      </header>
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      <section class="panel"><h2>${t("This browser")}</h2>${this.#renderTheme()}${this.#renderLanguage()}${this.#renderQuality()}${this.#renderTalk()}${this.#renderNight()}</section>
      <section class="panel"><h2>${t("How I am rung")}</h2><dw-ringing .hub=${this.hub}></dw-ringing></section>
      <section class="panel"><h2>${t("Station")}</h2>${this.#renderStation()}</section>
      <section class="panel"><h2>${t("Your password")}</h2><dw-password @dw-changed=${this.#onPassword}></dw-password></section>
      <section class="panel"><h2>${t("Where you are signed in")}</h2><dw-sessions .hub=${this.hub}></dw-sessions></section>
      <section class="panel"><h2>${t("Tokens")}</h2><dw-tokens .hub=${this.hub}></dw-tokens></section>
      <section class="panel">
        <h2>${t("Certificate")}</h2>
        <p class="muted">${t("The hub made its own certificate. Once this device trusts it, the browser shows no warning and lends its microphone.")}</p>
        ${trustSteps(session)}
      </section>
      ${this.hub.administrator ? html`<section class="panel"><h2>${t("Sounds")}</h2><dw-sounds .hub=${this.hub}></dw-sounds><dw-say-hosts></dw-say-hosts></section>` : nothing}
      ${this.hub.administrator ? html`<dw-mqtt></dw-mqtt>` : nothing}
      ${this.hub.administrator ? html`<section class="panel"><h2>${t("Ways from outside")}</h2><dw-turn></dw-turn></section>` : nothing}
      <section class="panel">
        <h2>${t("About")}</h2>
        <dl>
          <dt>Doorward</dt><dd>${t("version {number}", { number: session?.version ?? "" })}</dd>
          ${this.uptime === undefined ? nothing : html`<dt>${t("Running")}</dt><dd>${t("for {time}", { time: howLong(this.uptime * 1000) })}</dd>`}
          <dt>${t("Connection")}</dt><dd>${session?.secure ? t("encrypted") : t("not encrypted")}</dd>
          <dt>${t("Licence")}</dt><dd>${t("MIT; icons by Lucide (ISC)")}</dd>
          <dt>${t("Wall tablet")}</dt><dd><a class="panel-link" href=${at("/panel")}>${t("Open the wall tablet's page")}</a></dd>
        </dl>
      </section>
    `;
  }

  /** This browser as a device: off unless somebody wants it. */
  #renderStation() {
    return html`<form @submit=${this.#beStation} autocomplete="off">
      <p class="muted">${t("A tablet on the wall, or a phone, can be a station of the house: others speak to it and it speaks to them while its page is open. An administrator lets it in once.")}</p>
      <label><span>${t("Name of this screen")}</span><input name="name" required maxlength="40" placeholder=${t("Kitchen")} /></label>
      <button>${icon("speaker")}${t("Use this screen as a station")}</button>
    </form>`;
  }

  #beStation(event: SubmitEvent): void {
    event.preventDefault();
    const id = idFromName(String(new FormData(event.target as HTMLFormElement).get("name") ?? ""));
    if (id) location.href = at(`/panel?device=${id}`);
  }

  #renderTheme() {
    const names = { system: t("As the system"), light: t("Light"), dark: t("Dark") } as const;
    return html`<fieldset><legend>${t("Colours")}</legend><div class="choices">
      ${(["system", "light", "dark"] as const).map(
        (theme) =>
          html`<label><input type="radio" name="theme" .checked=${this.preferences.theme === theme} @change=${() => this.#set({ theme })} /><span>${names[theme]}</span></label>`,
      )}
    </div></fieldset>`;
  }

  #renderLanguage() {
    const chosen = (event: Event) => (event.target as HTMLSelectElement).value;
    const clocks = { system: t("As the language writes it"), "24": "14:05", "12": "2:05 PM" } as const;
    return html`<div class="pair">
      <label><span>${t("Language")}</span><select @change=${(event: Event) => this.#setLanguage(chosen(event) as Preferences["language"])}>
        <option value="system" ?selected=${this.preferences.language === "system"}>${t("As the browser")}</option>
        ${Object.entries(languages).map(([tag, name]) => html`<option value=${tag} lang=${tag} ?selected=${this.preferences.language === tag}>${name}</option>`)}
      </select></label>
      <label><span>${t("Time of day")}</span><select @change=${(event: Event) => this.#set({ clock: chosen(event) as Preferences["clock"] })}>
        ${Object.entries(clocks).map(([clock, name]) => html`<option value=${clock} ?selected=${this.preferences.clock === clock}>${name}</option>`)}
      </select></label>
    </div>`;
  }

  /** All of the page says it anew. */
  #setLanguage(language: Preferences["language"]): void {
    this.#set({ language });
    location.reload();
  }

  #renderQuality() {
    return html`<fieldset><legend>${sayQuality.title()}</legend><div class="choices">
      ${qualityWords().map(
        ({ quality, name }) =>
          html`<label><input type="radio" name="quality" .checked=${this.preferences.quality === quality} @change=${() => this.#set({ quality })} /><span>${name}</span></label>`,
      )}
    </div><p class="help">${sayQuality.help()}</p></fieldset>`;
  }

  #renderTalk() {
    return html`<label class="check">
      <input type="checkbox" .checked=${this.preferences.duck} @change=${(event: Event) => this.#set({ duck: (event.target as HTMLInputElement).checked })} />
      <span>${t("Turn a camera down while I talk through it")}<br /><span class="help">${t("Otherwise you hear yourself from cameras whose microphone hears their own speaker.")}</span></span>
    </label>`;
  }

  #renderNight() {
    const hours = Array.from({ length: 24 }, (_, hour) => hour);
    const choice = (name: string, value: number, set: (hour: number) => void) =>
      html`<select aria-label=${name} @change=${(event: Event) => set(Number((event.target as HTMLSelectElement).value))}>
        ${hours.map((hour) => html`<option value=${hour} ?selected=${hour === value}>${String(hour).padStart(2, "0")}:00</option>`)}
      </select>`;
    return html`<fieldset><legend>${t("As a wall tablet, dim at night")}</legend><div class="hours">
      ${t("from")} ${choice(t("Dim from"), this.preferences.nightFrom, (nightFrom) => this.#set({ nightFrom }))}
      ${t("to")} ${choice(t("Dim to"), this.preferences.nightTo, (nightTo) => this.#set({ nightTo }))}
    </div></fieldset>`;
  }

  #set(change: Partial<Preferences>): void {
    this.preferences = writePreferences(change);
  }

  /** The tokens may have gone with the old password. */
  #onPassword(): void {
    void this.renderRoot.querySelector<DwTokens>("dw-tokens")?.load();
    void this.renderRoot.querySelector<DwSessions>("dw-sessions")?.load();
  }

  async #signOut(): Promise<void> {
    try {
      await this.hub.signOut();
    } catch (error) {
      this.wrong = sentence(error);
    }
  }
}

customElements.define("dw-settings", DwSettings);
