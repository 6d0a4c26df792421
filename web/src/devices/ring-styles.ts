import { css } from "lit";

/** Styles of quiet hours and of a bell's settings, for the forms that hold them. */
export const quietStyles = css`
  .hours {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
  .days {
    display: grid;
    flex: 0 1 332px;
    grid-template-columns: repeat(7, minmax(0, 1fr));
    gap: 2px;
  }
  dw-quiet {
    display: grid;
    gap: 12px;
    justify-items: start;
  }
  .inline {
    display: flex;
    align-items: center;
    gap: 8px;
  }
  .inline input[type="time"] {
    width: auto;
  }
  .day {
    min-height: 44px;
    padding: 0;
    color: var(--dw-muted);
  }
  .day[aria-pressed="true"] {
    border-color: var(--dw-accent);
    background: var(--dw-accent-soft);
    color: var(--dw-accent);
  }
  .fault {
    color: var(--dw-trouble);
    font-weight: 600;
  }
`;

/** {@link quietStyles}, and what a bell has besides. */
export const ringStyles = css`
  ${quietStyles}
  dw-ring-settings,
  dw-bell,
  dw-bell-words,
  details[open],
  fieldset {
    display: grid;
    gap: 16px;
  }
  fieldset > button {
    justify-self: start;
  }
  .ghost:disabled {
    border-color: transparent;
  }
  fieldset {
    min-width: 0;
    margin: 0;
    padding: 16px;
    border: 1px solid var(--dw-line);
    border-radius: var(--dw-radius);
  }
  legend,
  summary {
    font-weight: 600;
  }
  legend {
    padding: 0 4px;
  }
  summary {
    min-height: 44px;
    align-content: center;
    cursor: pointer;
  }
  .rung {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
  .rung select {
    width: auto;
    max-width: 100%;
  }
  .rung .fault {
    flex-basis: 100%;
  }
  .chip {
    display: inline-flex;
    align-items: center;
    padding-left: 12px;
    border: 1px solid var(--dw-control);
    border-radius: 999px;
    overflow-wrap: anywhere;
  }
  .steps {
    display: grid;
    gap: 16px;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .step {
    display: flex;
    align-items: center;
    gap: 4px;
  }
  .said,
  .named {
    display: grid;
    gap: 8px;
  }
  .named {
    grid-template-columns: 88px minmax(0, 1fr) auto;
    align-items: end;
    padding-bottom: 12px;
    border-bottom: 1px solid var(--dw-line);
  }
  .named dw-rung {
    grid-column: 1 / -1;
  }
  [aria-invalid="true"] {
    border-color: var(--dw-trouble) !important;
  }
`;
