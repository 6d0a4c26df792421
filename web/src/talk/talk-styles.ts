import { css } from "lit";

/** The talk bar: one large thing to hold; its colour says who speaks, its words say it again. */
export const talkStyles = css`
  :host {
    display: block;
    container-type: inline-size;
  }
  .bar {
    display: flex;
    gap: 8px;
    align-items: stretch;
  }
  .hold {
    flex: 1;
    min-width: 0;
    min-height: 64px;
    justify-content: flex-start;
    gap: 16px;
    padding: 8px 20px;
    text-align: left;
    white-space: normal;
    border: 1px solid var(--dw-control, #84898f);
    transition: none;
    touch-action: none;
    user-select: none;
    -webkit-user-select: none;
    -webkit-touch-callout: none;
  }
  .hold svg {
    width: 24px;
    height: 24px;
  }
  .words {
    display: grid;
    flex: 1;
    min-width: 0;
  }
  [data-tone="speaking"] .text {
    white-space: nowrap;
  }
  .text {
    font-size: var(--dw-18, 1.125rem);
    line-height: 1.3;
  }
  .detail {
    font-size: var(--dw-13, 0.8125rem);
    font-weight: 400;
    line-height: 1.35;
    color: var(--dw-muted, #585d64);
  }
  .side {
    flex: none;
    flex-direction: column;
    gap: 4px;
    width: 96px;
    padding: 8px 4px;
    font-size: var(--dw-13, 0.8125rem);
    line-height: 1.25;
    white-space: normal;
    hyphens: auto;
    overflow-wrap: anywhere;
    text-align: center;
  }
  .side .detail {
    display: block;
  }
  .side[aria-pressed="true"] {
    border-color: var(--dw-speaking, #12703c);
    color: var(--dw-speaking, #12703c);
  }
  .timer {
    font-size: var(--dw-18, 1.125rem);
    font-variant-numeric: tabular-nums;
    min-width: 3ch;
    text-align: right;
  }
  [data-tone="speaking"] .hold {
    background: var(--dw-speaking, #12703c);
    border-color: var(--dw-speaking, #12703c);
    color: var(--dw-on-speaking, #fff);
  }
  [data-tone="speaking"] .hold .detail,
  [data-tone="emergency"] .hold .detail {
    color: inherit;
  }
  [data-tone="emergency"] .hold {
    background: var(--dw-trouble, #b3251c);
    border-color: var(--dw-trouble, #b3251c);
    color: var(--dw-bg, #fff);
  }
  [data-tone="asking"] .hold {
    border-color: var(--dw-speaking, #12703c);
    background: var(--dw-speaking-soft, #e2f3e9);
  }
  [data-tone="held"] .hold {
    border-color: var(--dw-waiting, #855400);
    background: var(--dw-waiting-soft, #faf1de);
  }
  [data-tone="refused"] .hold {
    border-color: var(--dw-trouble, #b3251c);
    background: var(--dw-trouble-soft, #fbeae8);
  }
  [data-tone="held"] .hold .detail,
  [data-tone="refused"] .hold .detail,
  [data-tone="asking"] .hold .detail {
    color: var(--dw-text, #1a1c1f);
  }
  [data-tone="held"] .hold svg {
    color: var(--dw-waiting, #855400);
  }
  [data-tone="refused"] .hold svg {
    color: var(--dw-trouble, #b3251c);
  }
  :host([large]) .hold {
    min-height: 112px;
  }
  :host([large]) .hold > svg {
    width: 32px;
    height: 32px;
  }
  :host([large]) .text {
    font-size: var(--dw-24, 1.5rem);
  }
  :host([large]) .detail {
    font-size: var(--dw-15, 0.9375rem);
  }
  @media (max-width: 1100px) {
    .hold .level {
      width: 64px;
    }
  }
  @media (max-width: 480px) {
    .hold {
      min-height: 72px;
      padding: 8px 16px;
      gap: 8px;
    }
    .side {
      width: 76px;
    }
    .hold .level {
      flex: 0 1 40px;
      width: 40px;
      min-width: 0;
    }
  }
  /* Beside the picture of a phone on its side. */
  @container (max-width: 240px) {
    .bar {
      flex-direction: column;
      height: 100%;
    }
    .hold {
      flex-direction: column;
      justify-content: center;
      gap: 4px;
      min-height: 88px;
      padding: 8px;
      text-align: center;
    }
    .words {
      flex: none;
    }
    .level {
      display: none;
    }
    .side {
      width: auto;
      flex-direction: row;
    }
    .bar dw-guard {
      width: auto;
    }
  }
`;
