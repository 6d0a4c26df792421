import { html, LitElement, nothing } from "lit";
import { ApiError, type CallOptions, call, sentence } from "../api.ts";
import { dialogStyles, showDialogs } from "./confirm.ts";
import { icon } from "./icons.ts";
import { base, buttons, fields } from "./styles.ts";

/** Asks for the person's password before something that matters. Events: `dw-proven`, `dw-closed`. */
export class DwAskPassword extends LitElement {
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
      <h2 id="title">Is it you?</h2>
      <p class="muted">People, tokens and passwords are changed only by whoever knows your password.</p>
      <form @submit=${this.#confirm}>
        <label><span>Your password</span><input name="password" type="password" autocomplete="current-password" required autofocus /></label>
        ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
        <div class="ends">
          <button type="button" @click=${() => this.renderRoot.querySelector("dialog")?.close()}>Cancel</button>
          <button class="primary" ?disabled=${this.busy}>Go on</button>
        </div>
      </form>
    </dialog>`;
  }

  async #confirm(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    this.busy = true;
    this.wrong = "";
    try {
      await call("POST", "/api/v1/session/confirm", { body: { password: form.get("password") } });
      this.dispatchEvent(new CustomEvent("dw-proven"));
    } catch (error) {
      this.wrong = sentence(error);
    } finally {
      this.busy = false;
    }
  }
}

customElements.define("dw-ask-password", DwAskPassword);

/** As `call`, for changes of people, tokens and passwords: asks for the password when the hub wants it again. */
export async function callProven<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  try {
    return await call<T>(method, path, options);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "password-needed") throw error;
    if (!(await askPassword())) throw new ApiError("Nothing was changed.", { status: 403, cause: error });
    return call<T>(method, path, options);
  }
}

/** True when the password was given, false when the question was closed. */
async function askPassword(): Promise<boolean> {
  const question = new DwAskPassword();
  try {
    return await new Promise<boolean>((resolve) => {
      question.addEventListener("dw-proven", () => resolve(true), { once: true });
      question.addEventListener("dw-closed", () => resolve(false), { once: true });
      document.body.append(question);
    });
  } finally {
    question.remove();
  }
}
