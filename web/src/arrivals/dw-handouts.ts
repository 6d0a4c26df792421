import { css, html, LitElement, nothing } from "lit";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { handouts } from "../pure/arrival-words.ts";

/** A device's new token with what to do with it. Shown once; event `dw-done` when it was taken down. */
export class DwHandouts extends LitElement {
  static override properties = { kind: {}, device: {}, name: {}, token: {}, copied: { state: true } };
  static override styles = [
    base,
    buttons,
    fields,
    css`
      :host {
        display: block;
      }
      .good {
        display: grid;
        gap: 12px;
      }
      dl {
        display: grid;
        gap: 12px;
      }
      dt {
        font-size: var(--dw-13);
        color: var(--dw-muted);
      }
      dd {
        display: flex;
        align-items: center;
        gap: 8px;
      }
      code {
        flex: 1;
        min-width: 0;
        padding: 8px 12px;
        border: 1px solid var(--dw-line);
        border-radius: var(--dw-radius);
        background: var(--dw-surface);
        font-size: var(--dw-13);
        overflow-wrap: anywhere;
        user-select: all;
      }
      dd button {
        flex: none;
        min-width: 104px;
        min-height: 44px;
      }
      @media (max-width: 640px) {
        dd {
          flex-wrap: wrap;
        }
        code {
          flex-basis: 100%;
        }
      }
    `,
  ];
  declare kind: string;
  /** Its id. */
  declare device: string;
  declare name: string;
  declare token: string;
  declare copied: string;

  constructor() {
    super();
    this.copied = "";
  }

  protected override render() {
    const { kind, device, name, token } = this;
    if (!token) return nothing;
    const { copies, how } = handouts({ kind, id: device, token, origin: location.origin });
    return html`<section class="good" aria-label=${t("Token of {name}", { name })}>
      <strong role="status">${t("Copy this for “{name}” now; it is not shown again.", { name })}</strong>
      <dl>
        ${copies.map(
          ({ label, value }) => html`<div><dt>${label}</dt><dd>
            <code>${value}</code>
            <button type="button" @click=${() => this.#copy(value)} aria-label=${t("Copy: {label}", { label })}>${icon(this.copied === value ? "check" : "copy")}${this.copied === value ? t("Copied") : t("Copy")}</button>
          </dd></div>`,
        )}
      </dl>
      <p>${how}</p>
      <div class="row"><button type="button" @click=${() => this.dispatchEvent(new CustomEvent("dw-done"))}>${icon("check")}${t("Done")}</button></div>
    </section>`;
  }

  async #copy(value: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(value);
      this.copied = value;
    } catch {
      // Without a secure page there is no clipboard: the text is selected for the person to copy.
      const code = [...this.renderRoot.querySelectorAll("code")].find(({ textContent }) => textContent === value);
      if (code) getSelection()?.selectAllChildren(code);
    }
  }
}

customElements.define("dw-handouts", DwHandouts);
