import { css } from "lit";

/** Over everything that the page shows. */
const whole = css`
  inset: 0;
  display: flex;
  flex-direction: column;
  width: auto;
  max-height: none;
  gap: 0;
  background: var(--dw-bg);
`;

const wholeCall = css`
  flex: 1;
  border: 0;
  border-radius: 0;
  padding: env(safe-area-inset-top) env(safe-area-inset-right) 0 env(safe-area-inset-left);
`;

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
    max-height: calc(100dvh - 32px);
  }
  .call {
    display: grid;
    grid-template: "head" auto "picture" minmax(0, 1fr) "acts" auto / minmax(0, 1fr);
    min-height: 0;
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
    grid-area: head;
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
    grid-area: picture;
    width: 100%;
    max-height: 100%;
    min-height: 0;
    aspect-ratio: 16 / 9;
  }
  .blank {
    grid-area: picture;
    display: grid;
    place-content: center;
    place-items: center;
    gap: 8px;
    min-height: 96px;
    color: var(--dw-muted);
    background: var(--dw-hover);
  }
  .blank svg {
    width: 64px;
    height: 64px;
  }
  .acts {
    grid-area: acts;
    display: grid;
    gap: 8px;
    min-height: 0;
    overflow: auto;
    padding: 12px 16px calc(16px + env(safe-area-inset-bottom));
  }
  .pair {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 8px;
  }
  .pair > button,
  .hang {
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
  .hang {
    border-color: var(--dw-trouble);
    background: var(--dw-trouble);
    color: var(--dw-surface);
  }
  .hang:hover {
    background: color-mix(in oklab, var(--dw-trouble) 88%, var(--dw-text));
  }
  .hush {
    min-height: 48px;
  }
  [aria-pressed="true"] {
    border-color: var(--dw-waiting);
    background: var(--dw-waiting-soft);
  }
  dw-guard {
    width: 100%;
  }
  .note,
  .wrong {
    display: flex;
    gap: 8px;
    padding: 8px 12px;
    border-radius: var(--dw-radius);
    background: var(--dw-waiting-soft);
  }
  button.note {
    white-space: normal;
    text-align: left;
  }
  .note.good {
    background: var(--dw-speaking-soft);
  }
  .wrong {
    background: var(--dw-trouble-soft);
  }
  .wrong svg {
    color: var(--dw-trouble);
  }
  .over {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 12px;
    padding: 12px 16px;
    border: 1px solid var(--dw-control);
    border-radius: var(--dw-radius);
    background: var(--dw-surface);
  }
  .over p {
    flex: 1;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  :host([whole]) .calls {
    ${whole}
  }
  :host([whole]) .call {
    ${wholeCall}
  }
  :host([whole]) dw-call-picture {
    height: 100%;
    aspect-ratio: auto;
  }
  :host([whole]) .acts {
    width: 100%;
    max-width: 560px;
    margin: 0 auto;
  }
  @media (max-width: 640px), (max-height: 560px) {
    .calls:not(.over-only) {
      ${whole}
    }
    .calls:not(.over-only) :is(.over, dw-second-call) {
      margin: 8px;
    }
    .call {
      ${wholeCall}
    }
    dw-call-picture {
      height: 100%;
      aspect-ratio: auto;
    }
  }
  @media (max-width: 640px) {
    /* What is at the bottom of a phone is what one is about to touch. */
    .over-only {
      top: calc(8px + env(safe-area-inset-top));
      right: 8px;
      bottom: auto;
      width: calc(100vw - 16px);
    }
  }
  /* A phone that lies on its side: the picture beside what one touches. */
  @media (max-height: 560px) and (min-width: 560px) {
    .call,
    :host([whole]) .call {
      grid-template: "picture head" auto "picture acts" minmax(0, 1fr) / minmax(0, 1fr) minmax(280px, 340px);
    }
    header {
      padding: 8px 16px 0;
    }
    .acts {
      align-content: end;
      gap: 6px;
      padding-top: 6px;
    }
  }
  /* In the flow of what stands around it, at any size of the screen. */
  :host([inline]) .calls {
    position: static;
    display: grid;
    width: auto;
    max-height: none;
    gap: 12px;
    background: none;
  }
  :host([inline]) .call {
    grid-template: "head" auto "picture" auto "acts" auto / minmax(0, 1fr);
    padding: 0;
    border: 0;
    border-radius: 0;
    box-shadow: none;
  }
  :host([inline]) dw-call-picture {
    height: auto;
    aspect-ratio: 16 / 9;
  }
  :host([inline]) .acts {
    padding-bottom: 16px;
  }
`;
