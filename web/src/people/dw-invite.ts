import { css, html, nothing } from "lit";
import { type Invitation, type Person, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { dayOf } from "../language/times.ts";
import { dialogStyles, showDialogs } from "../parts/confirm.ts";
import { callProven } from "../parts/dw-ask-password.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";

/** Until when an invitation is good, as people say it. */
export function sayUntil(expiresMs: number): string {
  return dayOf(expiresMs, { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
}

/**
 * Makes, shows and withdraws a person's invitation, in a dialog; `atOnce`: makes one as soon as it is shown. The link is shown
 * once. Events: `dw-closed`, after which the list of people may say something else.
 */
export class DwInvite extends HubElement {
  static override properties = {
    ...HubElement.properties,
    person: { attribute: false },
    atOnce: { type: Boolean },
    made: { state: true },
    withdrawn: { state: true },
    copied: { state: true },
    busy: { state: true },
    wrong: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    dialogStyles,
    css`
      .made {
        display: grid;
        gap: 16px;
        justify-items: center;
      }
      .made p {
        justify-self: start;
      }
      .qr {
        width: min(240px, 60vw);
        height: auto;
        padding: 8px;
        border: 1px solid var(--dw-line);
        border-radius: var(--dw-radius);
        background: #fff;
      }
      code {
        justify-self: stretch;
        padding: 8px 12px;
        border: 1px solid var(--dw-line);
        border-radius: var(--dw-radius);
        font-size: var(--dw-13);
        overflow-wrap: anywhere;
        user-select: all;
      }
      .ends .danger {
        margin-right: auto;
      }
      dialog .ends {
        flex-wrap: wrap;
      }
    `,
  ];
  declare person: Person;
  declare atOnce: boolean;
  declare made: Invitation | undefined;
  declare withdrawn: boolean;
  declare copied: boolean;
  declare busy: boolean;
  declare wrong: string;

  constructor() {
    super();
    this.atOnce = false;
    this.withdrawn = false;
    this.copied = false;
    this.busy = false;
    this.wrong = "";
  }

  /** Not before: what it was given before its code came is there from now on. */
  protected override firstUpdated(): void {
    if (this.atOnce) void this.#make(24);
  }

  protected override updated(): void {
    showDialogs(this.renderRoot);
  }

  protected override render() {
    const { name } = this.person;
    return html`<dialog aria-labelledby="title" @close=${() => this.dispatchEvent(new CustomEvent("dw-closed"))}>
      <h2 id="title">${t("Invite {name}", { name })}</h2>
      ${this.made ? this.#renderMade(this.made) : this.#renderForm()}
    </dialog>`;
  }

  #renderForm() {
    const { name, hasPassword, invitedUntilMs } = this.person;
    const open = invitedUntilMs !== undefined && !this.withdrawn;
    return html`
      <p class="muted">${t("{name} opens a link on their own phone or computer and chooses a password there. The link works once.", { name })}</p>
      ${hasPassword ? html`<p class="muted">${t("Until then the old password goes on working. Once another is chosen, they are signed out everywhere and their tokens stop working.")}</p>` : nothing}
      ${open ? html`<div class="note">${icon("key")}<span>${t("An invitation is open until {time}. Another one takes its place.", { time: sayUntil(invitedUntilMs) })}</span></div>` : nothing}
      ${this.withdrawn ? html`<div class="good" role="status">${icon("check")}<span>${t("The invitation was withdrawn.")}</span></div>` : nothing}
      <form @submit=${this.#onSubmit}>
        <label><span>${t("Valid for")}</span><select name="hours">
          <option value="1">${t("an hour")}</option>
          <option value="24" selected>${t("a day")}</option>
          <option value="168">${t("a week")}</option>
        </select></label>
        ${this.#renderWrong()}
        <div class="ends">
          ${open ? html`<button type="button" class="danger" ?disabled=${this.busy} @click=${this.#withdraw}>${t("Withdraw it")}</button>` : nothing}
          <button type="button" @click=${this.#close}>${t("Cancel")}</button>
          <button class="primary" ?disabled=${this.busy}>${t("Make a link")}</button>
        </div>
      </form>
    `;
  }

  #renderMade({ link, qr, expiresMs }: Invitation) {
    const { name } = this.person;
    return html`<div class="made" role="status">
      <p>${t("Let {name} point their phone's camera here, or send them the link. It is not shown again.", { name })}</p>
      <img class="qr" src=${`data:image/svg+xml,${encodeURIComponent(qr)}`} width="240" height="240" alt=${t("QR code of the invitation")} />
      <code>${link}</code>
      <p class="muted small">${t("Good once, until {time}. Whoever has the link can use it: send it to nobody else.", { time: sayUntil(expiresMs) })}</p>
      </div>
      ${this.#renderWrong()}
      <div class="ends">
        <button type="button" @click=${() => this.#copy(link)}>${icon(this.copied ? "check" : "copy")}${this.copied ? t("Copied") : t("Copy")}</button>
        ${"share" in navigator ? html`<button type="button" @click=${() => this.#share(link)}>${t("Send")}</button>` : nothing}
        <button type="button" class="primary" @click=${this.#close}>${t("Done")}</button>
      </div>`;
  }

  #renderWrong() {
    return this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing;
  }

  #onSubmit(event: SubmitEvent): void {
    event.preventDefault();
    void this.#make(Number(new FormData(event.target as HTMLFormElement).get("hours")));
  }

  async #make(hours: number): Promise<void> {
    await this.#try(async () => {
      this.made = await callProven<Invitation>("POST", this.#path, { body: { hours } });
    });
  }

  async #withdraw(): Promise<void> {
    await this.#try(async () => {
      await callProven("DELETE", this.#path);
      this.withdrawn = true;
    });
  }

  get #path(): string {
    return `/api/v1/users/${encodeURIComponent(this.person.id)}/invitation`;
  }

  #close(): void {
    this.renderRoot.querySelector("dialog")?.close();
  }

  async #copy(link: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(link);
      this.copied = true;
    } catch {
      // Without a secure page there is no clipboard: the text is selected for the person to copy.
      const code = this.renderRoot.querySelector("code");
      if (code) getSelection()?.selectAllChildren(code);
    }
  }

  /** By whatever the phone sends things with; who closes that again has sent nothing. */
  async #share(link: string): Promise<void> {
    await navigator.share({ title: "Doorward", url: link }).catch(() => {});
  }

  async #try(action: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.wrong = "";
    try {
      await action();
    } catch (error) {
      this.wrong = sentence(error);
    } finally {
      this.busy = false;
    }
  }
}

customElements.define("dw-invite", DwInvite);
