import { css, html, LitElement, nothing } from "lit";
import { call, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";

/** The person's own password, changed by themselves. */
export class DwPassword extends LitElement {
  static override properties = { busy: { state: true }, wrong: { state: true }, done: { state: true } };
  static override styles = [
    base,
    buttons,
    fields,
    css`
      .pair {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 16px;
      }
      form button {
        justify-self: start;
      }
      @media (max-width: 640px) {
        .pair {
          grid-template-columns: 1fr;
        }
      }
    `,
  ];
  declare busy: boolean;
  declare wrong: string;
  declare done: boolean;

  constructor() {
    super();
    this.busy = false;
    this.wrong = "";
    this.done = false;
  }

  protected override render() {
    return html`<form @submit=${this.#change}>
      <div class="pair">
        <label><span>${t("Password now")}</span><input name="password" type="password" autocomplete="current-password" required /></label>
        <label><span>${t("New password")}</span><input name="new" type="password" autocomplete="new-password" minlength="8" maxlength="256" required placeholder=${t("at least 8 characters")} /></label>
      </div>
      <label class="check"><input name="tokens" type="checkbox" /><span>${t("Withdraw my tokens too")}<br /><span class="help">${t("Your other browsers are signed out in any case.")}</span></span></label>
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      ${this.done ? html`<div class="good" role="status">${t("Your password is changed; your other browsers are signed out.")}</div>` : nothing}
      <button ?disabled=${this.busy}>${icon("key")}${t("Change my password")}</button>
    </form>`;
  }

  async #change(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const data = new FormData(form);
    this.busy = true;
    this.wrong = "";
    this.done = false;
    try {
      const body = {
        password: data.get("password"),
        newPassword: data.get("new"),
        endTokens: data.get("tokens") !== null,
      };
      await call("POST", "/api/v1/session/password", { body });
      form.reset();
      this.done = true;
      this.dispatchEvent(new CustomEvent("dw-changed"));
    } catch (error) {
      this.wrong = sentence(error);
    } finally {
      this.busy = false;
    }
  }
}

customElements.define("dw-password", DwPassword);
