import { html, nothing } from "lit";
import { call, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { door, doorStyles } from "./door.ts";

/** Why the hub ended a session. */
const endWords: Readonly<Record<string, string>> = {
  "signed-out": t("You were signed out here: the session was ended, or the password was changed."),
  removed: t("You were signed out: this person was removed from the hub."),
  "rights-changed": t("What you may do was changed: sign in again."),
};

/** Asks who is there. */
export class DwLogin extends HubElement {
  static override properties = { ...HubElement.properties, busy: { state: true }, wrong: { state: true } };
  static override styles = [base, buttons, fields, doorStyles];
  declare busy: boolean;
  declare wrong: string;

  constructor() {
    super();
    this.busy = false;
    this.wrong = "";
  }

  protected override render() {
    const { session } = this.hub;
    return door(html`
      <h1>${t("Sign in")}</h1>
      ${
        session && !window.isSecureContext && session.httpsUrl
          ? html`<div class="note">${icon("lock")}<span>${t("This page is not encrypted, so talking is not possible here.")} <a href=${session.httpsUrl}>${t("Use the secure page")}</a></span></div>`
          : nothing
      }
      ${this.hub.signedOut ? html`<div class="note">${icon("lock")}<span>${endWords[this.hub.signedOut] ?? t("The hub ended this session.")}</span></div>` : nothing}
      <form @submit=${this.#submit}>
        <label><span>${t("Name")}</span><input name="name" autocomplete="username" autocapitalize="none" required autofocus /></label>
        <label><span>${t("Password")}</span><input name="password" type="password" autocomplete="current-password" required /></label>
        ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
        <button class="primary" ?disabled=${this.busy}>${this.busy ? t("One moment") : t("Sign in")}</button>
      </form>
      <p class="muted small">${t("Forgotten the password? On the hub, this sets a new one:")} <code>doorward user</code></p>
    `);
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    this.busy = true;
    this.wrong = "";
    try {
      await call("POST", "/api/v1/login", { body: { name: form.get("name"), password: form.get("password") } });
      await this.hub.signedIn();
    } catch (error) {
      this.wrong = sentence(error);
    } finally {
      this.busy = false;
    }
  }
}

customElements.define("dw-login", DwLogin);
