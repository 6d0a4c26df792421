import { css } from "lit";

/** The picture and what stands on it; on pictures everything is dark, whatever the theme. */
export const playerStyles = css`
  :host {
    position: relative;
    display: block;
    aspect-ratio: 16 / 9;
    overflow: hidden;
    background: var(--dw-picture, #0a0b0c);
    color: var(--dw-over-text, #fff);
    container-type: size;
  }
  video,
  img {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: contain;
    transform: var(--dw-zoom, none);
  }
  :host([fit="cover"]:not([whole])) video,
  :host([fit="cover"]:not([whole])) img {
    object-fit: cover;
  }
  video.veiled {
    filter: grayscale(1) blur(6px) brightness(0.3);
  }
  img.last {
    filter: grayscale(1) brightness(0.3);
  }
  .why {
    position: absolute;
    inset: 0 0 32px;
    display: grid;
    align-content: center;
    justify-items: center;
    gap: 4px;
    padding: 12px 24px;
    text-align: center;
    text-wrap: balance;
  }
  .why p:first-child {
    font-size: var(--dw-18, 1.125rem);
    font-weight: 600;
  }
  .why .detail {
    max-width: 44ch;
    color: var(--dw-over-muted, #c9ced3);
  }
  .why .age {
    font-size: var(--dw-13, 0.8125rem);
    color: var(--dw-over-muted, #c9ced3);
  }
  @container (max-height: 170px) {
    .why .detail {
      display: none;
    }
  }
  .foot {
    position: absolute;
    inset: auto 0 0;
    display: flex;
    align-items: flex-end;
    justify-content: space-between;
    gap: 12px;
    padding: 32px 12px 8px;
    background: linear-gradient(transparent, rgb(0 0 0 / 0.7) 50%, rgb(0 0 0 / 0.8));
    font-size: var(--dw-15, 0.9375rem);
    pointer-events: none;
  }
  .name {
    font-weight: 600;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .state {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    padding: 0 8px;
    border-radius: 999px;
    background: var(--dw-over, rgb(13 15 17 / 0.72));
    font-size: var(--dw-13, 0.8125rem);
    line-height: 1.6;
    white-space: nowrap;
  }
  .state::before {
    content: "";
    width: 8px;
    height: 8px;
    border-radius: 50%;
    background: currentColor;
  }
  .state[data-tone="live"] {
    color: var(--dw-over-live, #74e3a6);
  }
  .state[data-tone="waiting"] {
    color: var(--dw-over-waiting, #ffd080);
  }
  .state[data-tone="trouble"] {
    color: var(--dw-over-trouble, #ffb0a8);
  }
  .state[data-tone="quiet"] {
    color: var(--dw-over-muted, #c9ced3);
  }
  .state[data-tone="waiting"]::before,
  .state[data-tone="quiet"]::before {
    background: none;
    border: 2px solid currentColor;
  }
  .state[data-tone="trouble"]::before {
    border-radius: 1px;
  }
  .missing {
    position: absolute;
    inset: var(--dw-note-top, 12px) auto auto 12px;
    max-width: calc(100% - 24px - var(--dw-note-end, 0px));
    margin: 0;
    padding: 4px 10px;
    border-radius: var(--dw-radius, 8px);
    background: var(--dw-over, rgb(13 15 17 / 0.72));
    color: var(--dw-over-waiting, #ffd080);
    font-size: var(--dw-13, 0.8125rem);
  }
  .missing .age {
    white-space: nowrap;
    color: var(--dw-over-muted, #c9ced3);
  }
  .numbers {
    position: absolute;
    top: var(--dw-note-top, 12px);
    left: 12px;
    max-width: calc(100% - 24px);
    box-sizing: border-box;
    display: grid;
    grid-template-columns: auto auto;
    gap: 2px 16px;
    padding: 8px 12px;
    border-radius: var(--dw-radius, 8px);
    background: var(--dw-over, rgb(13 15 17 / 0.72));
    font-size: var(--dw-13, 0.8125rem);
    font-variant-numeric: tabular-nums;
  }
  .numbers .learnt {
    max-width: 32ch;
  }
  .numbers .learnt p {
    margin: 0;
  }
  .numbers dt {
    color: var(--dw-over-muted, #c9ced3);
  }
  @container (max-width: 220px) {
    .foot {
      padding: 24px 8px 6px;
    }
  }
`;
