import { css, html, nothing } from "lit";
import { ApiError, call, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { door, doorStyles } from "../screens/door.ts";

/** Whoever opens an invitation chooses their password here, and is in. Event: `dw-done`, also when they go on without. */
export class DwInvited extends HubElement {
  static override properties = {
    ...HubElement.properties,
    invitation: { attribute: false },
    name: { state: true },
    over: { state: true },
    busy: { state: true },
    wrong: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    doorStyles,
    css`
      .button {
        justify-content: center;
      }
    `,
  ];
  /** What stands behind `#invite=`. */
  declare invitation: string;
  /** Whom it is for, once the hub said so. */
  declare name: string;
  /** It is not good any more. */
  declare over: boolean;
  declare busy: boolean;
  declare wrong: string;

  constructor() {
    super();
    this.name = "";
    this.over = false;
    this.busy = false;
    this.wrong = "";
  }

  /** Not before: what it was given before its code came is there from now on. */
  protected override firstUpdated(): void {
    void this.#look();
  }

  protected override render() {
    if (this.over) return this.#renderOver();
    return this.name ? this.#renderForm() : this.#renderLooking();
  }

  #renderForm() {
    const other = this.hub.session?.user?.name;
    return door(html`
      <div><h1>${t("Welcome, {name}", { name: this.name })}</h1><p class="muted">${t("Choose the password with which you sign in here from now on. Nobody else knows it.")}</p></div>
      ${other === undefined ? nothing : html`<div class="note">${icon("signOut")}<span>${t("{name} is signed in in this browser, and is signed out here when you go on.", { name: other })}</span></div>`}
      <form @submit=${this.#accept}>
        <label><span>${t("Name")}</span><input name="name" autocomplete="username" readonly .value=${this.name} /></label>
        <label><span>${t("New password")}</span><input name="password" type="password" autocomplete="new-password" minlength="8" maxlength="256" required autofocus /><span class="help">${t("At least 8 characters; a short sentence is best.")}</span></label>
        ${this.#renderWrong()}
        <button class="primary" ?disabled=${this.busy}>${this.busy ? t("One moment") : t("Go on")}</button>
      </form>
    `);
  }

  #renderLooking() {
    return door(
      this.wrong
        ? html`${this.#renderWrong()}<button @click=${this.#look}>${icon("restart")}${t("Try again")}</button>`
        : html`<p class="muted" role="status">${t("One moment")}</p>`,
    );
  }

  #renderOver() {
    const signedIn = this.hub.session?.user !== undefined;
    return door(html`
      <h1>${t("This invitation is over")}</h1>
      <p class="muted" role="alert">${t("It was used, withdrawn, or is too old. Ask whoever invited you for another one.")}</p>
      <button @click=${this.#done}>${signedIn ? t("To the house") : t("Sign in")}</button>
    `);
  }

  #renderWrong() {
    return this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing;
  }

  async #look(): Promise<void> {
    await this.#try(async () => {
      const body = { invitation: this.invitation };
      this.name = (await call<{ readonly name: string }>("POST", "/api/v1/invitation", { body })).name;
    });
  }

  async #accept(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const password = new FormData(event.target as HTMLFormElement).get("password");
    await this.#try(async () => {
      await call("POST", "/api/v1/invitation/accept", { body: { invitation: this.invitation, password } });
      await this.hub.signedIn();
      this.#done();
    });
  }

  #done(): void {
    this.dispatchEvent(new CustomEvent("dw-done"));
  }

  async #try(action: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.wrong = "";
    try {
      await action();
    } catch (error) {
      this.over = error instanceof ApiError && error.code === "no-invitation";
      this.wrong = sentence(error);
    } finally {
      this.busy = false;
    }
  }
}

customElements.define("dw-invited", DwInvited);
