import { css, html, nothing } from "lit";
import { ApiError, call, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { trustSteps, trustStyles } from "../parts/trust.ts";
import { codeIn } from "../pure/route.ts";
import { door, doorStyles } from "./door.ts";

type Step = "code" | "administrator" | "certificate";
const steps: readonly Step[] = ["code", "administrator", "certificate"];
const titles: Readonly<Record<Step, string>> = {
  code: t("Enter the code"),
  administrator: t("Make yourself the administrator"),
  certificate: t("Trust this hub"),
};

/** First run: code, first administrator, certificate; each step says why. Fires `dw-done` at the end. */
export class DwSetup extends HubElement {
  static override properties = {
    ...HubElement.properties,
    step: { state: true },
    code: { state: true },
    busy: { state: true },
    wrong: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    doorStyles,
    trustStyles,
    css`
      .steps {
        display: flex;
        gap: 4px;
        list-style: none;
      }
      .steps li {
        flex: 1;
        height: 4px;
        border-radius: 2px;
        background: var(--dw-line);
      }
      .steps .reached {
        background: var(--dw-accent);
      }
      .code {
        font-family: ui-monospace, Menlo, Consolas, monospace;
        letter-spacing: 0.06em;
      }
      .row > * {
        flex: 1;
      }
      .why {
        margin-top: 4px;
      }
    `,
  ];
  declare step: Step;
  declare code: string;
  declare busy: boolean;
  declare wrong: string;

  constructor() {
    super();
    this.code = codeIn(location.search, location.hash);
    this.step = this.code ? "administrator" : "code";
    this.busy = false;
    this.wrong = "";
  }

  /** A link may be older than the hub's last start: that is told before anybody has thought of a password. */
  protected override firstUpdated(): void {
    if (this.code) void this.#check();
  }

  protected override render() {
    const number = steps.indexOf(this.step) + 1;
    return door(html`
      <ol class="steps" aria-hidden="true">${steps.map((_, index) => html`<li class=${index < number ? "reached" : ""}></li>`)}</ol>
      <div><p class="muted small">${t("Step {number} of 3", { number })}</p><h1>${titles[this.step]}</h1>${this.#renderWhy()}</div>
      ${this.step === "code" ? this.#renderCode() : this.step === "administrator" ? this.#renderAdministrator() : this.#renderCertificate()}
    `);
  }

  #renderWhy() {
    const why: Readonly<Record<Step, string>> = {
      code: t("It proves that this hub is yours: only who started it can read it there."),
      administrator: t("Cameras see into homes, so nobody gets in without a name and a password."),
      certificate: t("Browsers lend the microphone only to pages they trust; this makes yours trust the hub."),
    };
    return html`<p class="muted why">${why[this.step]}</p>`;
  }

  #renderCode() {
    return html`<form @submit=${this.#onCode}>
      <label><span>${t("Code")}</span><input class="code" name="code" .value=${this.code} autocomplete="off" autocapitalize="characters" spellcheck="false" required autofocus /><span class="help">${t("The hub printed it when it started, and keeps it for 30 minutes.")}</span></label>
      ${this.#renderWrong()}
      <button class="primary" ?disabled=${this.busy}>${this.busy ? t("One moment") : t("Go on")}</button>
    </form>`;
  }

  #renderAdministrator() {
    return html`<form @submit=${this.#onAdministrator}>
      <label><span>${t("Your name")}</span><input name="name" autocomplete="username" maxlength="64" required autofocus /></label>
      <label><span>${t("Password")}</span><input name="password" type="password" autocomplete="new-password" minlength="8" required /><span class="help">${t("At least 8 characters; a short sentence is best.")}</span></label>
      ${this.#renderWrong()}
      <div class="row">
        <button type="button" @click=${() => this.#go("code")}>${t("Back")}</button>
        <button class="primary" ?disabled=${this.busy}>${this.busy ? t("One moment") : t("Go on")}</button>
      </div>
    </form>`;
  }

  #renderCertificate() {
    return html`
      ${trustSteps(this.hub.session)}
      <button class="primary" @click=${() => this.dispatchEvent(new CustomEvent("dw-done"))}>${icon("check")}${t("Done")}</button>
    `;
  }

  #renderWrong() {
    return this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing;
  }

  #go(step: Step): void {
    this.wrong = "";
    this.step = step;
  }

  async #onCode(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    this.code = String(new FormData(event.target as HTMLFormElement).get("code") ?? "").trim();
    await this.#check();
  }

  #check(): Promise<void> {
    return this.#try(async () => {
      await call("POST", "/api/v1/setup/code", { body: { code: this.code } });
      this.#go("administrator");
    });
  }

  async #onAdministrator(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    await this.#try(async () => {
      await call("POST", "/api/v1/setup", {
        body: { code: this.code, name: form.get("name"), password: form.get("password") },
      });
      this.#go("certificate");
    });
  }

  /** What is wrong with the code is said where the code is typed. */
  async #try(action: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.wrong = "";
    try {
      await action();
    } catch (error) {
      const code =
        error instanceof ApiError && (error.status === 403 || error.status === 401 || error.code.includes("code"));
      if (code) this.#go("code");
      this.wrong = sentence(error);
    } finally {
      this.busy = false;
    }
  }
}

customElements.define("dw-setup", DwSetup);
