import { css } from "lit";

/** What every element shares: box sizes, focus ring, hidden text, no movement for those who want none. */
export const base = css`
  :host {
    box-sizing: border-box;
    font: 400 var(--dw-15, 0.9375rem) / 1.45 var(--dw-font, system-ui, sans-serif);
    color: var(--dw-text, #1a1c1f);
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :focus-visible {
    outline: 2px solid var(--dw-accent);
    outline-offset: 2px;
  }
  /* Its hours and minutes have the focus, of which the browser's own sheet knows and ours does not. */
  input[type="time"]:focus-within {
    outline: 2px solid var(--dw-accent);
    outline-offset: 2px;
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  a {
    color: var(--dw-accent);
    text-underline-offset: 2px;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd {
    margin: 0;
    padding: 0;
  }
  h1 {
    font-size: var(--dw-24);
    font-weight: 600;
    line-height: 1.25;
    letter-spacing: -0.01em;
  }
  h2 {
    font-size: var(--dw-18);
    font-weight: 600;
    line-height: 1.35;
  }
  h3 {
    font-size: var(--dw-15);
    font-weight: 600;
  }
  svg {
    width: 20px;
    height: 20px;
    flex: none;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.75;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  .muted {
    color: var(--dw-muted);
  }
  .small {
    font-size: var(--dw-13);
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      transition: none !important;
      animation: none !important;
    }
  }
`;

/** Buttons: one `primary` for the obvious thing, plain ones, `ghost` without a border, `danger`. */
export const buttons = css`
  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 8px;
    min-height: var(--dw-touch, 40px);
    padding: 0 16px;
    border: 1px solid var(--dw-control);
    border-radius: var(--dw-radius);
    background: var(--dw-surface);
    color: var(--dw-text);
    font: inherit;
    font-weight: 600;
    text-decoration: none;
    white-space: nowrap;
    cursor: pointer;
    transition:
      background-color var(--dw-fast),
      border-color var(--dw-fast),
      color var(--dw-fast);
  }
  button:hover,
  .button:hover {
    background: var(--dw-hover);
  }
  button:disabled {
    color: var(--dw-muted);
    border-color: var(--dw-line);
    background: transparent;
    cursor: default;
  }
  .primary {
    background: var(--dw-accent);
    border-color: var(--dw-accent);
    color: var(--dw-on-accent);
  }
  .primary:hover {
    background: color-mix(in oklab, var(--dw-accent) 88%, var(--dw-text));
  }
  .ghost {
    border-color: transparent;
    background: transparent;
  }
  .danger {
    color: var(--dw-trouble);
    border-color: var(--dw-trouble);
  }
  .danger:hover {
    background: var(--dw-trouble-soft);
  }
  .icon {
    padding: 0;
    width: var(--dw-touch, 40px);
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
`;

/** Fields: a label above, help below, one sentence when it is wrong. */
export const fields = css`
  label,
  .field {
    display: grid;
    gap: 4px;
  }
  label > span:first-child,
  .label {
    font-weight: 600;
  }
  .help {
    font-size: var(--dw-13);
    color: var(--dw-muted);
  }
  input:not([type="checkbox"], [type="radio"], [type="range"]),
  select,
  textarea {
    width: 100%;
    min-height: 44px;
    padding: 8px 12px;
    border: 1px solid var(--dw-control);
    border-radius: var(--dw-radius);
    background: var(--dw-surface);
    color: var(--dw-text);
    font: inherit;
    font-size: max(16px, var(--dw-15));
  }
  input::placeholder {
    color: var(--dw-muted);
    opacity: 1;
  }
  input[type="checkbox"],
  input[type="radio"] {
    width: 20px;
    height: 20px;
    margin: 0;
    accent-color: var(--dw-accent);
    flex: none;
  }
  .check {
    display: flex;
    align-items: flex-start;
    gap: 12px;
    padding: 8px 0;
    min-height: 44px;
  }
  .check span {
    font-weight: 400;
  }
  form {
    display: grid;
    gap: 20px;
  }
  .wrong,
  .note,
  .good {
    display: flex;
    gap: 12px;
    align-items: flex-start;
    padding: 12px 16px;
    border-radius: var(--dw-radius);
    background: var(--dw-trouble-soft);
    color: var(--dw-text);
  }
  .wrong svg {
    color: var(--dw-trouble);
  }
  .note {
    background: var(--dw-waiting-soft);
  }
  .note svg {
    color: var(--dw-waiting);
  }
  .good {
    background: var(--dw-speaking-soft);
  }
  .good svg {
    color: var(--dw-live);
  }
`;

/** A screen of text and lists: a column with a title row. */
export const page = css`
  :host {
    display: block;
    padding: 32px;
    max-width: 1120px;
    margin: 0 auto;
  }
  header {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 12px;
    margin-bottom: 24px;
  }
  .lead {
    color: var(--dw-muted);
    max-width: 60ch;
    margin-top: 4px;
  }
  .panel {
    background: var(--dw-surface);
    border: 1px solid var(--dw-line);
    border-radius: var(--dw-radius);
  }
  .empty {
    padding: 48px 24px;
    text-align: center;
    display: grid;
    gap: 12px;
    justify-items: center;
  }
  .empty p {
    max-width: 48ch;
    color: var(--dw-muted);
  }
  @media (max-width: 640px) {
    :host {
      padding: 16px;
    }
    header {
      margin-bottom: 16px;
    }
  }
`;

/** A state in words with its dot; `data-tone` gives the colour. */
export const tones = css`
  .state {
    display: inline-flex;
    align-items: center;
    gap: 8px;
  }
  .state::before {
    content: "";
    width: 8px;
    height: 8px;
    border-radius: 50%;
    background: currentColor;
    flex: none;
  }
  .state[data-tone="live"] {
    color: var(--dw-live);
  }
  .state[data-tone="waiting"] {
    color: var(--dw-waiting);
  }
  .state[data-tone="waiting"]::before {
    background: none;
    border: 2px solid currentColor;
  }
  .state[data-tone="trouble"] {
    color: var(--dw-trouble);
  }
  .state[data-tone="trouble"]::before {
    border-radius: 1px;
  }
  .state[data-tone="quiet"] {
    color: var(--dw-muted);
  }
  .state[data-tone="quiet"]::before {
    background: none;
    border: 2px solid currentColor;
  }
`;

/** The line at the top of a screen that is about one device: the way back, its name, what can be done. */
export const head = css`
  .head {
    display: flex;
    align-items: center;
    gap: 8px;
    min-height: 56px;
    padding: 8px 16px 8px 8px;
  }
  .head h1 {
    font-size: var(--dw-18);
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
`;
