import { css } from "lit";

/** How the form of a device looks, with its preview beside it. */
export const addStyles = css`
  .two {
    display: grid;
    grid-template: "address preview" auto "name preview" 1fr / minmax(0, 5fr) minmax(0, 6fr);
    gap: 20px 32px;
    align-items: start;
  }
  .part {
    display: grid;
    gap: 20px;
  }
  .part.ends {
    grid-area: name;
  }
  .preview {
    grid-area: preview;
    overflow: hidden;
  }
  .preview dw-player,
  .nothing {
    aspect-ratio: 16 / 9;
  }
  .nothing {
    display: grid;
    place-content: center;
    gap: 8px;
    justify-items: center;
    text-align: center;
    padding: 24px;
    color: var(--dw-muted);
    background: var(--dw-hover);
  }
  .nothing svg {
    width: 32px;
    height: 32px;
  }
  .facts {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 8px 24px;
    padding: 16px;
  }
  .facts dt {
    color: var(--dw-muted);
  }
  .pair {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 16px;
  }
  .address {
    display: grid;
    grid-template-columns: 1fr auto;
    gap: 8px;
  }
  .address button {
    min-height: 44px;
  }
  .ways {
    display: inline-flex;
    max-width: 100%;
    margin-bottom: 20px;
  }
  .ways button {
    min-width: 0;
    min-height: 44px;
    padding: 4px 12px;
    white-space: normal;
    border-radius: 0;
  }
  .ways button:first-child {
    border-radius: var(--dw-radius) 0 0 var(--dw-radius);
  }
  .ways button:last-child {
    margin-left: -1px;
    border-radius: 0 var(--dw-radius) var(--dw-radius) 0;
  }
  .ways [aria-pressed="true"] {
    background: var(--dw-accent-soft);
    color: var(--dw-accent);
    border-color: var(--dw-accent);
    position: relative;
  }
  hr {
    border: 0;
    border-top: 1px solid var(--dw-line);
    margin: 24px 0;
  }
  .part .check {
    padding: 0;
  }
  .ends {
    border-top: 1px solid var(--dw-line);
    padding-top: 20px;
  }
  @media (max-width: 860px) {
    .two {
      grid-template: "address" auto "preview" auto "name" auto / minmax(0, 1fr);
    }
  }
`;
