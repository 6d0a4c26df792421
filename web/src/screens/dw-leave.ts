import { html, LitElement, nothing } from "lit";
import { call, type Session, sentence } from "../api.ts";
import { dialogStyles, showDialogs } from "../parts/confirm.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";

/** Asks who wants a screen to be a station no more: only somebody with a password takes it off. Events: `dw-proven`, `dw-closed`. */
export class DwLeave extends LitElement {
  static override properties = { session: { attribute: false }, busy: { state: true }, wrong: { state: true } };
  static override styles = [base, buttons, fields, dialogStyles];
  /** Who is signed in at this browser, if anybody is. */
  declare session: Session | undefined;
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
    const user = this.session?.user;
    return html`<dialog aria-labelledby="title" @close=${() => this.dispatchEvent(new CustomEvent("dw-closed"))}>
      <h2 id="title">Be a station no more?</h2>
      <p class="muted">This screen then leaves its room: nobody can speak to it until it is made a station again.</p>
      <form @submit=${this.#confirm}>
        ${user ? nothing : html`<label><span>Your name</span><input name="name" autocomplete="username" required autofocus /></label>`}
        <label><span>${user ? `Password of ${user.name}` : "Your password"}</span><input name="password" type="password" autocomplete="current-password" required ?autofocus=${Boolean(user)} /></label>
        ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
        <div class="ends">
          <button type="button" @click=${() => this.renderRoot.querySelector("dialog")?.close()}>Cancel</button>
          <button class="danger" ?disabled=${this.busy}>Leave</button>
        </div>
      </form>
    </dialog>`;
  }

  async #confirm(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const password = form.get("password");
    const [path, body] = this.session?.user
      ? ["/api/v1/session/confirm", { password }]
      : ["/api/v1/login", { name: form.get("name"), password }];
    this.busy = true;
    this.wrong = "";
    try {
      await call("POST", path, { as: "person", body });
      this.dispatchEvent(new CustomEvent("dw-proven"));
    } catch (error) {
      this.wrong = sentence(error);
    } finally {
      this.busy = false;
    }
  }
}

customElements.define("dw-leave", DwLeave);
