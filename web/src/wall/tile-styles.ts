import { css } from "lit";

/** Cameras edge to edge, their tools on approach, and what moves them. */
export const tileStyles = css`
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
  .tile {
    position: relative;
    aspect-ratio: 16 / 9;
    border-radius: var(--dw-radius);
    overflow: hidden;
    background: var(--dw-picture);
  }
  .tile dw-player {
    --dw-note-end: 56px;
    height: 100%;
  }
  .tile.speaking dw-player {
    --dw-note-top: 44px;
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
    min-width: var(--dw-touch, 40px);
    padding: 0 12px;
    min-height: var(--dw-touch, 40px);
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
`;
