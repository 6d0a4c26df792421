import { css } from "lit";

/** Rooms without a picture, below the cameras or alone. */
export const roomStyles = css`
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
    width: 44px;
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
  @media (max-width: 640px) {
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
  }
  @media (max-height: 520px) {
    .rooms:not(.only) .area {
      display: none;
    }
  }
`;
