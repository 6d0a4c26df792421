import { html, LitElement, nothing } from "lit";
import { call, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { at } from "../net/at.ts";
import { dialogStyles, showDialogs } from "../parts/confirm.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";

/** Asks for the name and password of an administrator, and opens a screen that is locked to the panel. Event: `dw-closed`. */
export class DwLeavePanel extends LitElement {
  static override properties = { busy: { state: true }, wrong: { state: true } };
  static override styles = [base, buttons, fields, dialogStyles];
  declare busy: boolean;
  declare wrong: string;

  constructor() {
    super();
    this.busy = false;
    this.wrong = "";
  }

  protected override updated(): void {
    showDialogs(this.renderRoot);
  }

  protected override render() {
    return html`<dialog aria-labelledby="title" @close=${() => this.dispatchEvent(new CustomEvent("dw-closed"))}>
      <h2 id="title">${t("Leave the panel?")}</h2>
      <p class="muted">${t("This screen is locked. An administrator opens it with their name and password.")}</p>
      <form @submit=${this.#leave}>
        <label><span>${t("Administrator's name")}</span><input name="name" autocomplete="off" required autofocus /></label>
        <label><span>${t("Password")}</span><input name="password" type="password" autocomplete="off" required /></label>
        ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
        <div class="ends">
          <button type="button" @click=${() => this.renderRoot.querySelector("dialog")?.close()}>${t("Cancel")}</button>
          <button class="primary" ?disabled=${this.busy}>${t("Leave the panel")}</button>
        </div>
      </form>
    </dialog>`;
  }

  async #leave(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    this.busy = true;
    this.wrong = "";
    try {
      const body = { name: form.get("name"), password: form.get("password") };
      await call("POST", "/api/v1/session/panel/leave", { body });
      location.assign(at("/"));
    } catch (error) {
      this.wrong = sentence(error);
      this.busy = false;
    }
  }
}

customElements.define("dw-leave-panel", DwLeavePanel);
