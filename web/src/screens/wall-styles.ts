import { css } from "lit";

/** The wall: tiles edge to edge, their tools on approach, and the talk bar below. */
export const wallStyles = css`
  .empty {
    margin: auto;
    padding: 48px 24px;
    text-align: center;
    display: grid;
    gap: 12px;
    justify-items: center;
  }
  .empty p {
    max-width: 46ch;
    color: var(--dw-muted);
  }
  .empty > svg {
    width: 40px;
    height: 40px;
    color: var(--dw-muted);
  }
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
    min-height: 0;
  }
  .cameras {
    flex: 1;
    min-height: 0;
    overflow: auto;
    display: grid;
    align-content: safe center;
  }
  .cameras.headed {
    align-content: start;
  }
  .cameras h2 {
    padding: 12px 8px 0;
    font-size: var(--dw-15);
  }
  .cameras .none,
  .notice {
    padding: 16px;
    text-align: center;
    color: var(--dw-muted);
  }
  .notice {
    padding: 8px 16px;
    background: var(--dw-trouble-soft);
    color: var(--dw-text);
  }
  .tiles {
    display: grid;
    grid-template-columns: repeat(var(--columns, 1), minmax(0, var(--tile, 1fr)));
    grid-auto-rows: max-content;
    gap: 4px;
    justify-content: center;
    padding: 4px;
    margin: 0;
    list-style: none;
  }
  .waits {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 8px 16px;
    min-height: 44px;
    border-top: 1px solid var(--dw-line);
    background: var(--dw-waiting-soft);
    color: var(--dw-text);
    text-decoration: none;
  }
  .waits svg {
    color: var(--dw-waiting);
  }
  .tile {
    position: relative;
    aspect-ratio: 16 / 9;
    border-radius: var(--dw-radius);
    overflow: hidden;
    background: var(--dw-picture);
  }
  .tile dw-player {
    height: 100%;
  }
  .tile > a {
    position: absolute;
    inset: 0;
    border-radius: var(--dw-radius);
  }
  .tile > a:focus-visible {
    outline-offset: -4px;
    outline-color: #fff;
  }
  .tile.chosen::after {
    content: "";
    position: absolute;
    inset: 0;
    border: 3px solid #8ab6ff;
    border-radius: var(--dw-radius);
    pointer-events: none;
  }
  .tile.speaking::after {
    content: "";
    position: absolute;
    inset: 0;
    border: 3px solid #3ecb82;
    border-radius: var(--dw-radius);
    pointer-events: none;
  }
  .headed .tiles {
    justify-content: start;
  }
  .tile.dragged {
    z-index: 1;
    outline: 3px solid #8ab6ff;
    outline-offset: -3px;
    opacity: 0.85;
  }
  .grips {
    position: absolute;
    inset: 8px 8px auto;
    display: flex;
    justify-content: space-between;
  }
  .grips button {
    width: 48px;
    height: 48px;
    padding: 0;
    background: var(--dw-over);
    border-color: var(--dw-over-line);
    color: #fff;
  }
  .grips .grip {
    cursor: grab;
    touch-action: none;
  }
  .grips .star[aria-pressed="true"] svg {
    fill: currentColor;
    color: #ffd080;
  }
  .tools {
    position: absolute;
    top: 8px;
    right: 8px;
    display: flex;
    gap: 4px;
    opacity: 0;
    transition: opacity var(--dw-fast);
  }
  .tile:hover .tools,
  .tile:focus-within .tools {
    opacity: 1;
  }
  .tools:has([aria-pressed="true"]) {
    opacity: 1;
  }
  @media (hover: none) {
    .tools {
      opacity: 1;
    }
    .tools .far {
      display: none;
    }
  }
  .tools button {
    background: var(--dw-over);
    border-color: var(--dw-over-line);
    color: #fff;
    font-size: var(--dw-13);
    padding: 0 12px;
    min-height: 36px;
  }
  .tools button:hover {
    background: #000;
  }
  .who {
    position: absolute;
    top: 8px;
    left: 8px;
    padding: 4px 10px;
    border-radius: var(--dw-radius);
    background: #0e5c30;
    color: #fff;
    font-size: var(--dw-13);
    font-weight: 600;
    pointer-events: none;
  }
  .rooms {
    flex: none;
    max-height: 42%;
    overflow: auto;
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(240px, 1fr));
    gap: 4px;
    padding: 0 4px 4px;
    list-style: none;
  }
  .rooms.only {
    flex: 1;
    max-height: none;
    grid-template-columns: repeat(auto-fill, minmax(264px, 1fr));
    grid-auto-rows: minmax(112px, max-content);
    align-content: start;
    gap: 8px;
    padding: 16px;
  }
  .room {
    position: relative;
    display: flex;
    align-items: stretch;
    min-height: 84px;
    border: 1px solid var(--dw-line);
    border-radius: var(--dw-radius);
    background: var(--dw-surface);
  }
  .room a {
    flex: 1;
    min-width: 0;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: center;
    gap: 2px;
    padding: 8px 0 8px 16px;
    border-radius: var(--dw-radius);
    color: inherit;
    text-decoration: none;
  }
  .room strong {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    font-size: var(--dw-18);
    line-height: 1.3;
  }
  .room .area {
    flex: none;
    font-weight: 400;
    color: var(--dw-muted);
  }
  .room .said {
    display: flex;
    align-items: center;
    gap: 6px;
    min-width: 0;
    min-height: 22px;
    font-size: var(--dw-13);
    color: var(--dw-muted);
  }
  .said > .text {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .said svg {
    width: 16px;
    height: 16px;
  }
  .room .for {
    font-variant-numeric: tabular-nums;
  }
  .room[data-tone="quiet"] .said {
    color: var(--dw-live);
  }
  .room[data-tone="away"] {
    background: transparent;
  }
  .room[data-tone="away"] strong {
    color: var(--dw-muted);
  }
  .room[data-tone="speaking"] {
    background: var(--dw-speaking-soft);
    border-color: var(--dw-speaking);
  }
  .room[data-tone="speaking"] .said {
    color: var(--dw-live);
    font-weight: 600;
  }
  .room.meant::after {
    content: "";
    position: absolute;
    inset: -1px;
    border: 2px solid var(--dw-accent);
    border-radius: var(--dw-radius);
    pointer-events: none;
  }
  .room button {
    flex: none;
    min-height: 0;
    padding: 0;
    border-color: transparent;
    background: transparent;
  }
  .room button:hover {
    background: var(--dw-hover);
  }
  .room .more {
    width: 32px;
    color: var(--dw-muted);
  }
  .room .ptt {
    align-self: center;
    width: 48px;
    height: 48px;
    margin-right: 12px;
    border-color: var(--dw-control);
    border-radius: 50%;
    touch-action: none;
    user-select: none;
    -webkit-user-select: none;
    -webkit-touch-callout: none;
  }
  .room .ptt:active {
    background: var(--dw-speaking-soft);
    border-color: var(--dw-speaking);
  }
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
    .rooms {
      grid-template-columns: none;
      grid-auto-flow: column;
      grid-auto-columns: 204px;
      overflow: auto hidden;
      scroll-snap-type: x proximity;
      padding: 4px;
    }
    .rooms.only {
      grid-auto-flow: row;
      grid-template-columns: minmax(0, 1fr);
      overflow: hidden auto;
      padding: 12px;
      grid-auto-rows: minmax(84px, max-content);
    }
    .rooms:not(.only) .room {
      min-height: 76px;
      scroll-snap-align: start;
    }
    .rooms:not(.only) .more,
    .rooms:not(.only) .area {
      display: none;
    }
    .rooms:not(.only) a {
      padding-left: 12px;
    }
    .rooms:not(.only) .ptt {
      margin-right: 8px;
    }
    .target {
      flex: 1;
      grid-template-columns: auto 1fr;
      align-items: center;
      gap: 12px;
      min-height: 44px;
    }
    .cameras {
      align-content: start;
    }
  }
`;
