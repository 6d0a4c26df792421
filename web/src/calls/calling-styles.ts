import { css } from "lit";

/** Styles of a call that takes the screen: whole on phones and panels, a card on larger ones. */
export const callingStyles = css`
  .calls {
    position: fixed;
    z-index: 20;
    right: 16px;
    bottom: 16px;
    display: grid;
    gap: 12px;
    width: min(420px, calc(100vw - 32px));
  }
  .call {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr) auto;
    overflow: hidden;
    border: 1px solid var(--dw-control);
    border-radius: var(--dw-radius);
    background: var(--dw-surface);
    box-shadow: 0 8px 32px rgb(0 0 0 / 0.28);
  }
  .call:focus {
    outline: none;
  }
  header {
    display: flex;
    align-items: start;
    gap: 12px;
    padding: 12px 16px;
  }
  header div {
    flex: 1;
    min-width: 0;
  }
  header h2,
  header p {
    overflow-wrap: anywhere;
  }
  .ringing h2 svg {
    color: var(--dw-accent);
    vertical-align: -3px;
  }
  .time {
    font-size: var(--dw-18);
    font-variant-numeric: tabular-nums;
  }
  dw-call-picture {
    aspect-ratio: 16 / 9;
    min-height: 0;
  }
  .blank {
    display: grid;
    place-items: center;
    min-height: 96px;
    color: var(--dw-muted);
  }
  .blank svg {
    width: 48px;
    height: 48px;
  }
  .acts {
    display: grid;
    gap: 8px;
    padding: 12px 16px calc(16px + env(safe-area-inset-bottom));
  }
  .pair {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 8px;
  }
  .pair > button {
    min-height: 56px;
  }
  .answer {
    border-color: var(--dw-speaking);
    background: var(--dw-speaking);
    color: var(--dw-on-speaking);
  }
  .answer:hover {
    background: color-mix(in oklab, var(--dw-speaking) 88%, var(--dw-text));
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
  .tools button {
    flex: 1;
  }
  .tools label {
    display: flex;
    flex: 1 1 140px;
    align-items: center;
    gap: 8px;
  }
  input[type="range"] {
    flex: 1;
    min-width: 0;
    height: 40px;
    margin: 0;
    accent-color: var(--dw-accent);
  }
  .replies {
    display: grid;
    gap: 8px;
  }
  .replies button {
    justify-content: start;
    min-height: 44px;
    white-space: normal;
    text-align: left;
  }
  .own {
    display: flex;
    gap: 8px;
  }
  .own input {
    flex: 1;
    min-width: 0;
  }
  [aria-pressed="true"] {
    border-color: var(--dw-waiting);
    background: var(--dw-waiting-soft);
  }
  dw-guard {
    width: 100%;
  }
  .note {
    display: flex;
    gap: 8px;
    padding: 8px 12px;
    border-radius: var(--dw-radius);
    background: var(--dw-waiting-soft);
  }
  .note.good {
    background: var(--dw-speaking-soft);
  }
  .over {
    display: flex;
    align-items: center;
    gap: 12px;
    padding: 12px 16px;
    border: 1px solid var(--dw-control);
    border-radius: var(--dw-radius);
    background: var(--dw-surface);
  }
  .over p {
    flex: 1;
  }
  :host([whole]) .calls,
  .calls.whole {
    inset: 0;
    width: auto;
    padding: 0;
    grid-auto-rows: minmax(0, 1fr);
    gap: 0;
    background: var(--dw-bg);
  }
  :host([whole]) .call,
  .calls.whole .call {
    border: 0;
    border-radius: 0;
    padding-top: env(safe-area-inset-top);
  }
  :host([whole]) dw-call-picture,
  .calls.whole dw-call-picture {
    aspect-ratio: auto;
  }
  :host([whole]) .acts,
  .calls.whole .acts {
    width: 100%;
    max-width: 560px;
    margin: 0 auto;
  }
  @media (max-width: 640px) {
    .calls:not(.over-only) {
      inset: 0;
      width: auto;
      grid-auto-rows: minmax(0, 1fr);
      gap: 0;
      background: var(--dw-bg);
    }
    .calls:not(.over-only) .over {
      align-self: start;
      margin: 8px;
    }
    .call {
      border: 0;
      border-radius: 0;
      padding-top: env(safe-area-inset-top);
    }
    dw-call-picture {
      aspect-ratio: auto;
    }
  }
`;
