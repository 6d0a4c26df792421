import { css } from "lit";

/** A station's screen: read across the room, pressed without looking. */
export const stationStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
    min-height: 0;
    background: var(--dw-bg);
  }
  header {
    display: flex;
    align-items: baseline;
    justify-content: space-between;
    gap: 16px;
    padding: 12px 20px 4px;
  }
  header h1 {
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  time {
    font-size: var(--dw-24);
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  .touch {
    margin: 8px 16px 0;
    min-height: 72px;
    justify-content: flex-start;
    gap: 16px;
    padding: 12px 20px;
    text-align: left;
    white-space: normal;
    background: var(--dw-waiting-soft);
    border-color: var(--dw-waiting);
  }
  .touch span {
    display: grid;
    font-weight: 400;
  }
  .touch strong {
    font-size: var(--dw-18);
  }
  .touch svg {
    width: 28px;
    height: 28px;
    color: var(--dw-waiting);
  }
  .now {
    display: flex;
    align-items: center;
    gap: 8px;
    margin: 8px 16px 0;
    padding: 8px 8px 8px 16px;
    min-height: 64px;
    border: 1px solid var(--dw-line);
    border-radius: var(--dw-radius);
    background: var(--dw-surface);
  }
  .now p {
    flex: 1;
    min-width: 0;
    display: flex;
    align-items: center;
    gap: 12px;
    color: var(--dw-muted);
  }
  .note {
    margin: 8px 16px 0;
  }
  .rung {
    display: flex;
    align-items: center;
    gap: 16px;
    margin: 8px 16px 0;
    padding: 12px 16px 12px 20px;
    min-height: 80px;
    border-radius: var(--dw-radius);
    background: var(--dw-accent);
    color: var(--dw-on-accent);
  }
  .rung p {
    flex: 1;
    min-width: 0;
  }
  .rung p > * {
    display: block;
  }
  .rung strong {
    font-size: var(--dw-24);
    line-height: 1.25;
  }
  .rung svg {
    width: 32px;
    height: 32px;
  }
  .rung button {
    min-height: 56px;
  }
  .rung button svg {
    width: 20px;
    height: 20px;
  }
  .now.speaking {
    background: var(--dw-speaking);
    border-color: var(--dw-speaking);
  }
  .now.speaking p {
    color: var(--dw-on-speaking);
    font-size: var(--dw-24);
  }
  .for {
    font-variant-numeric: tabular-nums;
    font-size: var(--dw-18);
  }
  .now button {
    min-height: 48px;
  }
  .now button[aria-pressed="true"] {
    border-color: var(--dw-waiting);
    background: var(--dw-waiting-soft);
  }
  .middle {
    flex: 1;
    min-height: 0;
    overflow: auto;
    padding: 12px 16px;
    display: grid;
    gap: 12px;
    align-content: start;
  }
  .whom {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(170px, 1fr));
    gap: 8px;
  }
  .whom button {
    display: grid;
    justify-content: start;
    justify-items: start;
    align-content: center;
    gap: 2px;
    min-height: 96px;
    padding: 12px 16px;
    text-align: left;
    white-space: normal;
    transition: none;
  }
  .whom strong {
    font-size: var(--dw-18);
    line-height: 1.25;
    overflow-wrap: anywhere;
  }
  .whom span {
    font-size: var(--dw-13);
    font-weight: 400;
    color: var(--dw-muted);
  }
  .whom [aria-checked="true"] {
    border: 2px solid var(--dw-accent);
    padding: 11px 15px;
    background: var(--dw-accent-soft);
  }
  .whom [data-tone="speaking"] span {
    color: var(--dw-live);
    font-weight: 600;
  }
  .whom [data-tone="away"]:not([aria-checked="true"]) {
    background: transparent;
  }
  .nobody {
    padding: 24px 8px;
    color: var(--dw-muted);
  }
  .cameras {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(300px, 1fr));
    gap: 8px;
    list-style: none;
  }
  .cameras li {
    aspect-ratio: 16 / 9;
    overflow: hidden;
    border-radius: var(--dw-radius);
    background: var(--dw-picture);
  }
  .cameras dw-player {
    height: 100%;
  }
  footer {
    display: grid;
    gap: 8px;
    padding: 8px 16px max(16px, env(safe-area-inset-bottom));
  }
  .settings {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    justify-content: space-between;
    gap: 12px 24px;
  }
  .settings label {
    flex: 1;
    min-width: 200px;
    max-width: 420px;
  }
  .settings [aria-pressed="true"] {
    border-color: var(--dw-waiting);
    background: var(--dw-waiting-soft);
  }
  .settings input {
    min-height: 44px;
    accent-color: var(--dw-accent);
  }
  .alone {
    flex: 1;
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 12px;
    padding: 24px;
    text-align: center;
  }
  .alone > svg {
    width: 40px;
    height: 40px;
    color: var(--dw-muted);
  }
  .alone p {
    max-width: 46ch;
    color: var(--dw-muted);
  }
  .alone .button,
  .alone button {
    min-height: 48px;
  }
  .alone form {
    width: min(360px, 100%);
    margin-top: 12px;
    gap: 12px;
    text-align: left;
  }
  .night {
    position: fixed;
    inset: 0;
    background: #000;
    opacity: 0.82;
    pointer-events: none;
  }
  @media (max-width: 640px) {
    header,
    .middle,
    footer {
      padding-left: 12px;
      padding-right: 12px;
    }
    .touch,
    .now {
      margin-left: 12px;
      margin-right: 12px;
    }
    .now button span {
      display: none;
    }
    .now.speaking p {
      font-size: var(--dw-18);
    }
    .whom {
      grid-template-columns: 1fr 1fr;
    }
    .whom button {
      min-height: 72px;
    }
    .cameras {
      grid-template-columns: 1fr 1fr;
    }
  }
`;
