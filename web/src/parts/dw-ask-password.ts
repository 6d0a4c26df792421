import { html, LitElement, nothing } from "lit";
import { ApiError, type CallOptions, call, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { dialogStyles, showDialogs } from "./confirm.ts";
import { icon } from "./icons.ts";
import { base, buttons, fields } from "./styles.ts";

/** Why somebody is asked who they are. */
export interface PasswordQuestion {
  readonly title: string;
  readonly why: string;
  /** What its button says. */
  readonly go: string;
  readonly danger?: boolean;
}

const isItYou: PasswordQuestion = {
  title: t("Is it you?"),
  why: t("People, tokens and passwords are changed only by whoever knows your password."),
  go: t("Go on"),
};

/**
 * Asks for a password before something that matters: of who is signed in at this browser, or, where nobody is, of anybody who
 * then is. Events: `dw-proven`, `dw-closed`.
 */
export class DwAskPassword extends LitElement {
  static override properties = {
    question: { attribute: false },
    signedIn: { attribute: false },
    busy: { state: true },
    wrong: { state: true },
  };
  static override styles = [base, buttons, fields, dialogStyles];
  declare question: PasswordQuestion;
  /** False where a name has to be given too. */
  declare signedIn: boolean;
  declare busy: boolean;
  declare wrong: string;

  constructor() {
    super();
    this.question = isItYou;
    this.signedIn = true;
    this.busy = false;
    this.wrong = "";
  }

  protected override updated(): void {
    showDialogs(this.renderRoot);
  }

  protected override render() {
    const { title, why, go, danger } = this.question;
    return html`<dialog aria-labelledby="title" @close=${() => this.dispatchEvent(new CustomEvent("dw-closed"))}>
      <h2 id="title">${title}</h2>
      <p class="muted">${why}</p>
      <form @submit=${this.#confirm}>
        ${this.signedIn ? nothing : html`<label><span>${t("Your name")}</span><input name="name" autocomplete="username" required autofocus /></label>`}
        <label><span>${t("Your password")}</span><input name="password" type="password" autocomplete="current-password" required ?autofocus=${this.signedIn} /></label>
        ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
        <div class="ends">
          <button type="button" @click=${() => this.renderRoot.querySelector("dialog")?.close()}>${t("Cancel")}</button>
          <button class=${danger ? "danger" : "primary"} ?disabled=${this.busy}>${go}</button>
        </div>
      </form>
    </dialog>`;
  }

  async #confirm(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const [password, name] = [form.get("password"), form.get("name")];
    this.busy = true;
    this.wrong = "";
    try {
      if (this.signedIn) await call("POST", "/api/v1/session/confirm", { as: "person", body: { password } });
      else await call("POST", "/api/v1/login", { as: "person", body: { name, password } });
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
    if (!(await askPassword())) throw new ApiError(t("Nothing was changed."), { status: 403, cause: error });
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
