import { css } from "lit";

/** The frame of the page: a rail on the left, or a bar with a menu on a phone. */
export const appStyles = css`
  :host {
    display: grid;
    grid-template: minmax(0, 1fr) / 88px minmax(0, 1fr);
    height: 100dvh;
    /* Not hidden: what has the focus or is scrolled into sight would move the page itself. */
    overflow: clip;
  }
  /* It stands over the page, and takes no row of it. */
  dw-calling {
    position: absolute;
  }
  dw-setup,
  dw-login,
  dw-invited,
  .whole,
  .alone {
    grid-column: 1 / -1;
    overflow: auto;
  }
  .whole {
    height: 100dvh;
  }
  .alone {
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 12px;
    padding: 24px;
    text-align: center;
  }
  .skip {
    position: absolute;
    left: 8px;
    top: -48px;
    z-index: 3;
    padding: 8px 16px;
    background: var(--dw-surface);
    border-radius: var(--dw-radius);
  }
  .skip:focus {
    top: 8px;
  }
  /* On a desk only the way past it, for the keyboard. */
  .top {
    position: absolute;
  }
  .top > :not(.skip) {
    display: none;
  }
  nav {
    grid-column: 1;
    display: flex;
    flex-direction: column;
    gap: 4px;
    padding: 12px 8px;
    border-right: 1px solid var(--dw-line);
    overflow-y: auto;
  }
  nav a {
    display: grid;
    justify-items: center;
    gap: 4px;
    padding: 10px 4px;
    border-radius: var(--dw-radius);
    color: var(--dw-muted);
    font-size: var(--dw-13);
    line-height: 1.2;
    text-decoration: none;
  }
  nav a:hover {
    background: var(--dw-hover);
    color: var(--dw-text);
  }
  nav a[aria-current="page"] {
    background: var(--dw-accent-soft);
    color: var(--dw-accent);
    font-weight: 600;
  }
  nav a {
    position: relative;
  }
  .count {
    position: absolute;
    top: 4px;
    right: 12px;
    min-width: 20px;
    padding: 0 5px;
    border-radius: 10px;
    background: var(--dw-waiting);
    color: var(--dw-surface);
    font-weight: 600;
    line-height: 20px;
    text-align: center;
  }
  nav a:last-child {
    margin-top: auto;
  }
  .rest {
    grid-column: 2;
    display: flex;
    flex-direction: column;
    min-height: 0;
  }
  main {
    flex: 1;
    min-height: 0;
    overflow: auto;
  }
  main:focus-visible {
    outline: none;
  }
  /* One stops there to scroll by the keys. */
  main[tabindex="0"]:focus-visible {
    outline: 2px solid var(--dw-accent);
    outline-offset: -2px;
  }
  .banner {
    display: flex;
    gap: 8px;
    align-items: center;
    padding: 8px 16px;
    background: var(--dw-waiting-soft);
    border-bottom: 1px solid var(--dw-line);
  }
  .banner svg {
    color: var(--dw-waiting);
  }
  @media (max-width: 640px), (max-height: 480px) {
    :host {
      grid-template-columns: minmax(0, 1fr);
      grid-template-rows: auto minmax(0, 1fr);
    }
    .top {
      position: relative;
      display: flex;
      align-items: center;
      justify-content: space-between;
      padding: 4px 8px 4px 12px;
      border-bottom: 1px solid var(--dw-line);
    }
    .top > button.icon {
      display: inline-flex;
    }
    .top > .sign {
      display: flex;
      align-items: center;
      gap: 10px;
      min-height: var(--dw-touch, 40px);
      color: inherit;
      font-weight: 600;
      font-size: var(--dw-18);
      text-decoration: none;
    }
    .sign img {
      display: block;
    }
    .rest {
      grid-column: 1;
    }
    nav {
      display: none;
    }
    nav.open {
      display: flex;
      position: absolute;
      inset: calc(var(--dw-touch, 40px) + 9px) 0 auto;
      z-index: 2;
      background: var(--dw-surface);
      border: 0;
      border-bottom: 1px solid var(--dw-line);
    }
    nav a {
      grid-template-columns: auto 1fr;
      justify-items: start;
      align-items: center;
      gap: 16px;
      padding: 12px;
      font-size: var(--dw-15);
    }
  }
  /* A phone on its side: the picture has the whole height. */
  @media (orientation: landscape) and (max-height: 520px) {
    :host([data-screen="camera"]) {
      grid-template-rows: minmax(0, 1fr);
    }
    :host([data-screen="camera"]) .top,
    :host([data-screen="camera"]) nav {
      display: none;
    }
    :host([data-screen="camera"]) .rest {
      grid-column: 1 / -1;
      grid-row: 1;
    }
  }
`;
