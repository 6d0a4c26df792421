import { css, html, LitElement, nothing } from "lit";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";

/** How a call is declined: with words for whoever is at the door, without, or only here. */
export type Declining = { readonly reply: string } | { readonly forSelf: true } | Record<string, never>;

/** The ways to decline. Events: `dw-declined` (detail: {@link Declining}), `dw-back`. */
export class DwReplies extends LitElement {
  static override properties = { replies: { attribute: false } };
  static override styles = [
    base,
    buttons,
    fields,
    css`
      .replies {
        display: grid;
        gap: 8px;
      }
      button {
        min-height: 44px;
      }
      .replies > button {
        justify-content: start;
        white-space: normal;
        text-align: left;
      }
      form {
        display: flex;
        gap: 8px;
      }
      form input {
        flex: 1;
        min-width: 0;
      }
    `,
  ];
  /** What can be said at the door; undefined where nobody stands at one. */
  declare replies: readonly string[] | undefined;

  protected override render() {
    return html`<div class="replies" role="group" aria-label=${t("How to decline")}>
      ${this.replies ? this.#renderWords(this.replies) : nothing}
      <button class="danger" @click=${() => this.#decline({})}>${icon("hangUp")}${t("Decline without a word")}</button>
      <button @click=${() => this.#decline({ forSelf: true })}>${icon("moon")}${t("Only stop ringing here")}</button>
      <button class="ghost" @click=${() => this.dispatchEvent(new CustomEvent("dw-back"))}>${icon("back")}${t("Back")}</button>
    </div>`;
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector("button")?.focus();
  }

  #renderWords(replies: readonly string[]) {
    return html`${replies.map((reply) => html`<button @click=${() => this.#decline({ reply })}>${icon("speaker")}${reply}</button>`)}
      <form @submit=${this.#onOwn}><input name="reply" maxlength="300" required aria-label=${t("Own words")} placeholder=${t("Own words")} /><button>${t("Say")}</button></form>`;
  }

  #onOwn(event: SubmitEvent): void {
    event.preventDefault();
    const reply = String(new FormData(event.target as HTMLFormElement).get("reply") ?? "").trim();
    if (reply) this.#decline({ reply });
  }

  #decline(detail: Declining): void {
    this.dispatchEvent(new CustomEvent("dw-declined", { detail }));
  }
}

customElements.define("dw-replies", DwReplies);
