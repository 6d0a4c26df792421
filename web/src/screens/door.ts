import { css, html, type TemplateResult } from "lit";
import { at } from "../net/at.ts";

/** The screens before one is inside: the hub's sign above, one thing to do below. */
export function door(content: TemplateResult): TemplateResult {
  return html`<main class="card">
    <p class="sign"><img src=${at("/icon.svg")} alt="" width="32" height="32" />Doorward</p>
    ${content}
  </main>`;
}

/** Styles of {@link door}. */
export const doorStyles = css`
  :host {
    display: grid;
    min-height: 100%;
    padding: 24px 16px;
    align-items: center;
    justify-items: center;
  }
  .card {
    display: grid;
    gap: 20px;
    width: 100%;
    max-width: 420px;
    padding: 32px;
    background: var(--dw-surface);
    border: 1px solid var(--dw-line);
    border-radius: var(--dw-radius);
  }
  .sign {
    display: flex;
    align-items: center;
    gap: 12px;
    font-size: var(--dw-18);
    font-weight: 600;
  }
  .sign img {
    display: block;
  }
  @media (max-width: 480px) {
    :host {
      align-items: start;
      padding: 0;
      background: var(--dw-surface);
    }
    .card {
      border: 0;
      padding: 32px 20px;
    }
  }
`;
