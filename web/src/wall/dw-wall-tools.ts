import { css, html, LitElement, nothing } from "lit";
import type { WallLayout } from "../api.ts";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons } from "../parts/styles.ts";
import { isSearched } from "../pure/wall-order.ts";

/**
 * What stands above the wall: a search where there are many cameras, and the way to arrange them. Events: `dw-search` (detail: the
 * text), `dw-arrange` (detail: whether it begins), `dw-headings` (detail: what was chosen).
 */
export class DwWallTools extends LitElement {
  static override properties = {
    count: { type: Number },
    found: { type: Number },
    search: {},
    arranging: { type: Boolean, reflect: true },
    fixed: { type: Boolean },
    headings: {},
  };
  static override styles = [
    base,
    buttons,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: flex-end;
        gap: 4px 12px;
        min-height: 44px;
        padding: 2px 8px 0;
      }
      .search {
        flex: 1;
        display: flex;
        align-items: center;
        gap: 8px;
        min-width: 12ch;
        max-width: 30rem;
        margin-right: auto;
        padding: 0 12px;
        border: 1px solid var(--dw-control);
        border-radius: var(--dw-radius);
        background: var(--dw-surface);
      }
      .search:focus-within {
        outline: 2px solid var(--dw-accent);
        outline-offset: 1px;
      }
      input {
        flex: 1;
        min-width: 0;
        min-height: var(--dw-touch, 38px);
        border: 0;
        outline: 0;
        background: none;
        color: var(--dw-text);
        font: inherit;
        font-size: max(16px, var(--dw-15));
      }
      input:focus-visible {
        outline: 0;
      }
      .hint {
        flex: 1;
        min-width: 20ch;
        padding-left: 4px;
        color: var(--dw-muted);
      }
      label {
        display: inline-flex;
        align-items: center;
        gap: 8px;
      }
      select {
        min-height: var(--dw-touch, 40px);
        padding: 0 8px;
        border: 1px solid var(--dw-control);
        border-radius: var(--dw-radius);
        background: var(--dw-surface);
        color: var(--dw-text);
        font: inherit;
      }
      button {
        padding: 0 12px;
      }
      @media (max-width: 640px) {
        .hint {
          font-size: var(--dw-13);
        }
      }
      @media (orientation: landscape) and (max-height: 520px) {
        :host(:not([arranging], .many)) {
          display: none;
        }
      }
    `,
  ];
  /** How many cameras there are, and how many of them the search found. */
  declare count: number;
  declare found: number;
  declare search: string;
  declare arranging: boolean;
  /** On a wall tablet nothing is arranged. */
  declare fixed: boolean;
  declare headings: WallLayout["headings"];

  constructor() {
    super();
    this.count = 0;
    this.found = 0;
    this.search = "";
    this.arranging = false;
    this.fixed = false;
    this.headings = "auto";
  }

  protected override willUpdate(): void {
    this.classList.toggle("many", isSearched(this.count));
  }

  protected override render() {
    if (this.arranging) return this.#renderArranging();
    return html`
      ${isSearched(this.count) ? this.#renderSearch() : nothing}
      ${this.fixed ? nothing : html`<button class="ghost" @click=${() => this.#tell("dw-arrange", true)}>${icon("grip")}${t("Arrange")}</button>`}
    `;
  }

  #renderSearch() {
    return html`<div class="search" role="search">
      ${icon("search")}
      <input
        type="search"
        aria-label=${t("Find a camera by its name or area")}
        placeholder=${t("Find a camera")}
        .value=${this.search}
        @input=${(event: Event) => this.#tell("dw-search", (event.target as HTMLInputElement).value)}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key !== "Escape" || this.search === "") return;
          event.stopPropagation();
          this.#tell("dw-search", "");
        }}
      />
      <span class="muted small" role="status">${this.search === "" ? nothing : t("{found} of {count}", { found: this.found, count: this.count })}</span>
    </div>`;
  }

  #renderArranging() {
    const choices = [
      ["auto", t("Where there are many cameras")],
      ["on", t("Always")],
      ["off", t("Never")],
    ] as const;
    return html`
      <span class="hint">${t("Drag a camera by its grip, or move it with the arrow keys.")}</span>
      <label>
        <span>${t("Areas as headings")}</span>
        <select @change=${(event: Event) => this.#tell("dw-headings", (event.target as HTMLSelectElement).value)}>
          ${choices.map(([value, label]) => html`<option value=${value} ?selected=${value === this.headings}>${label}</option>`)}
        </select>
      </label>
      <button class="primary" @click=${() => this.#tell("dw-arrange", false)}>${icon("check")}${t("Done")}</button>
    `;
  }

  #tell(name: string, detail: string | boolean): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

customElements.define("dw-wall-tools", DwWallTools);
