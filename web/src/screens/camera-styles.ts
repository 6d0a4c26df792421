import { css } from "lit";

/** The page of one camera: the picture as large as it can be, its tools and the talk bar below or beside it. */
export const cameraStyles = css`
  :host {
    display: grid;
    grid-template: auto minmax(0, 1fr) auto / minmax(0, 1fr);
    height: 100%;
    min-height: 0;
  }
  .head .what {
    margin-left: auto;
    color: var(--dw-muted);
    font-size: var(--dw-13);
    text-align: right;
  }
  .head .star[aria-pressed="true"] svg {
    fill: currentColor;
    color: var(--dw-waiting);
  }
  .stage {
    position: relative;
    touch-action: none;
    user-select: none;
    -webkit-user-select: none;
    display: grid;
    min-height: 0;
    background: var(--dw-picture);
  }
  .stage .whole {
    position: absolute;
    top: 12px;
    left: 50%;
    translate: -50% 0;
    background: var(--dw-over);
    border-color: var(--dw-over-line);
    color: #fff;
  }
  .stage .whole:hover {
    background: #000;
  }
  dw-ptz {
    position: absolute;
    right: 12px;
    bottom: 44px;
  }
  .notice {
    grid-column: 1 / -1;
    padding: 8px 16px;
    background: var(--dw-trouble-soft);
  }
  dw-player {
    aspect-ratio: auto;
    width: 100%;
    height: 100%;
  }
  .bottom {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 12px 16px;
    align-items: center;
    width: 100%;
    max-width: 1120px;
    margin: 0 auto;
    padding: 12px 16px calc(16px + env(safe-area-inset-bottom));
  }
  .tools {
    display: flex;
    gap: 4px;
  }
  .tools button,
  .tools a {
    flex-direction: column;
    gap: 4px;
    min-width: 72px;
    min-height: 64px;
    padding: 8px;
    font-size: var(--dw-13);
    font-weight: 400;
    line-height: 1.2;
    border-color: transparent;
    background: transparent;
  }
  .tools button:hover,
  .tools a:hover {
    background: var(--dw-hover);
  }
  .tools [aria-pressed="true"] {
    color: var(--dw-accent);
    font-weight: 600;
  }
  .gone {
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 12px;
    padding: 48px 24px;
    text-align: center;
  }
  @media (max-width: 860px) {
    .bottom {
      grid-template-columns: minmax(0, 1fr);
    }
    .tools {
      display: grid;
      grid-auto-flow: column;
      grid-auto-columns: minmax(0, 1fr);
      grid-row: 1;
    }
    .tools button,
    .tools a {
      min-width: 0;
      white-space: normal;
    }
  }
  /* Their words stay words: more than five have two lines. */
  @media (max-width: 560px) {
    .tools:has(> :nth-child(6)) {
      grid-auto-flow: row;
      grid-template-columns: repeat(3, minmax(0, 1fr));
    }
    .tools:has(> :nth-child(7)) {
      grid-template-columns: repeat(4, minmax(0, 1fr));
    }
    .tools:has(> :nth-child(6)) > * {
      min-height: 52px;
      padding: 4px;
    }
  }
  @media (orientation: landscape) and (max-height: 520px) {
    :host {
      position: relative;
      grid-template: minmax(0, 1fr) / minmax(0, 1fr) 176px;
      background: var(--dw-bg);
    }
    .head {
      position: absolute;
      inset: env(safe-area-inset-top) auto auto env(safe-area-inset-left);
      z-index: 1;
      border: 0;
      padding: 4px 12px 4px 4px;
      background: var(--dw-over);
      border-radius: 0 0 var(--dw-radius) 0;
      color: var(--dw-over-text);
    }
    .head a,
    .head button:not([aria-pressed="true"]),
    .head .muted {
      color: inherit;
    }
    .head h1 {
      font-size: var(--dw-15);
    }
    .head .what {
      display: none;
    }
    dw-player {
      --dw-note-top: 64px;
    }
    .stage {
      grid-area: 1 / 1;
    }
    .bottom {
      grid: auto minmax(min-content, 1fr) / minmax(0, 1fr);
      align-items: stretch;
      gap: 4px;
      padding: 4px max(4px, env(safe-area-inset-right)) max(4px, env(safe-area-inset-bottom)) 4px;
      overflow-y: auto;
    }
    .tools {
      display: grid;
      grid-auto-flow: row;
      grid-template-columns: 1fr 1fr;
      grid-row: 1;
      gap: 2px;
    }
    .tools button,
    .tools a {
      min-height: 48px;
      padding: 4px;
      white-space: nowrap;
    }
    /* Setting up and figures are for another moment: the room is for talking. */
    .tools a,
    .tools .figures {
      display: none;
    }
    dw-talk {
      grid-row: 2;
    }
  }
  @media (max-width: 640px) {
    .head .what {
      display: none;
    }
  }
`;
