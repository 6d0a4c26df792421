import { css } from "lit";

/** The wall as a whole: what stands where, and what it says when there is nothing to show. */
export const wallStyles = css`
  .empty {
    margin: auto;
    padding: 48px 24px;
    text-align: center;
    display: grid;
    gap: 12px;
    justify-items: center;
  }
  .empty p {
    max-width: 46ch;
    color: var(--dw-muted);
  }
  .empty > svg {
    width: 40px;
    height: 40px;
    color: var(--dw-muted);
  }
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
    min-height: 0;
  }
  .cameras {
    flex: 1;
    min-height: 0;
    overflow: auto;
    display: grid;
    align-content: safe center;
  }
  .cameras.headed {
    align-content: start;
  }
  .cameras h2 {
    padding: 12px 8px 0;
    font-size: var(--dw-15);
  }
  .cameras .none,
  .notice {
    padding: 16px;
    text-align: center;
    color: var(--dw-muted);
  }
  .notice {
    padding: 8px 16px;
    background: var(--dw-trouble-soft);
    color: var(--dw-text);
  }
  .waits {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 8px 16px;
    min-height: 44px;
    border-top: 1px solid var(--dw-line);
    background: var(--dw-waiting-soft);
    color: var(--dw-text);
    text-decoration: none;
  }
  .waits svg {
    color: var(--dw-waiting);
  }
  @media (max-width: 640px) {
    .cameras {
      align-content: start;
  }
`;
