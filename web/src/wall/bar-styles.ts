import { css } from "lit";

/** The talk bar below the wall, and whom it speaks to. */
export const barStyles = css`
  .bar {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: stretch;
    padding: 8px 12px calc(12px + env(safe-area-inset-bottom));
    width: 100%;
    max-width: 1080px;
    margin: 0 auto;
  }
  :host([panel]) .bar {
    max-width: none;
    border: 0;
    background: none;
  }
  .bar dw-talk {
    flex: 1;
    min-width: 0;
  }
  .whom {
    display: flex;
    gap: 4px;
  }
  .whom .tool {
    width: 48px;
    padding: 0;
    min-height: 44px;
  }
  .several {
    flex-basis: 100%;
    display: flex;
    flex-wrap: wrap;
    gap: 4px 16px;
    align-items: center;
    margin: 0;
    padding: 8px 12px;
    border: 1px solid var(--dw-control);
    border-radius: var(--dw-radius);
    background: var(--dw-surface);
  }
  .several legend {
    padding: 0 4px;
    font-size: var(--dw-13);
    color: var(--dw-muted);
  }
  .several label {
    display: inline-flex;
    gap: 8px;
    align-items: center;
    min-height: 44px;
  }
  .several input {
    width: 20px;
    height: 20px;
    accent-color: var(--dw-accent);
  }
  .several button {
    margin-left: auto;
  }
  .target {
    display: grid;
    align-content: center;
    gap: 2px;
    width: 184px;
    padding: 4px 12px;
    border: 1px solid var(--dw-control);
    border-radius: var(--dw-radius);
    background: var(--dw-surface);
  }
  .target:focus-within {
    outline: 2px solid var(--dw-accent);
    outline-offset: 2px;
  }
  .target span {
    font-size: var(--dw-13);
    color: var(--dw-muted);
  }
  select {
    border: 0;
    padding: 2px 0;
    width: 100%;
    background: var(--dw-surface);
    color: var(--dw-text);
    font: inherit;
    font-weight: 600;
    outline: none;
  }
  @media (max-width: 640px) {
    .bar {
      flex-flow: column nowrap;
      border-top: 1px solid var(--dw-line);
      background: var(--dw-bg);
    }
    .target {
      flex: 1;
      grid-template-columns: auto 1fr;
      align-items: center;
      gap: 12px;
      min-height: 44px;
    }
  }
`;
