import { css, unsafeCSS } from "lit";
import tokens from "../tokens.css?inline";

/**
 * The page's custom properties inside a card, and on top of them what Home Assistant's theme says: its variables win where
 * it has one. Light or dark by `color-scheme`, which the card takes from the theme that is in use.
 */
export const cardTokens = css`
  ${unsafeCSS(tokens.replaceAll(":root", ":host"))}
  :host {
    color-scheme: light;
    --dw-font: var(--ha-font-family-body, system-ui, sans-serif);
    --dw-bg: var(--primary-background-color, light-dark(#f5f5f2, #0f1113));
    --dw-surface: var(--ha-card-background, var(--card-background-color, light-dark(#fff, #181b1e)));
    --dw-text: var(--primary-text-color, light-dark(#1a1c1f, #eceef0));
    --dw-muted: var(--secondary-text-color, light-dark(#585d64, #a5abb2));
    --dw-line: var(--divider-color, light-dark(#dcdcd7, #2b3035));
    --dw-hover: color-mix(in srgb, var(--dw-text) 8%, var(--dw-surface));
    --dw-control: color-mix(in srgb, var(--dw-text) 45%, var(--dw-surface));
    --dw-accent: var(--primary-color, light-dark(#1f5fbf, #8ab6ff));
    --dw-on-accent: var(--text-primary-color, light-dark(#fff, #0a1930));
    --dw-accent-soft: color-mix(in srgb, var(--dw-accent) 16%, var(--dw-surface));
    --dw-trouble-soft: color-mix(in srgb, var(--dw-trouble) 14%, var(--dw-surface));
    --dw-waiting-soft: color-mix(in srgb, var(--dw-waiting) 14%, var(--dw-surface));
    --dw-speaking-soft: color-mix(in srgb, var(--dw-speaking) 14%, var(--dw-surface));
  }
  :host([dark]) {
    color-scheme: dark;
  }
`;

/** What the cards have in common. */
export const cardStyles = css`
  :host {
    display: block;
    height: 100%;
    touch-action: manipulation;
    -webkit-tap-highlight-color: transparent;
  }
  ha-card {
    display: flex;
    flex-direction: column;
    height: 100%;
    overflow: hidden;
    background: var(--dw-surface);
    color: var(--dw-text);
  }
  h2 {
    padding: 12px 16px 8px;
  }
  .body {
    display: grid;
    gap: 12px;
    padding: 12px 16px 16px;
  }
  .instead {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 16px;
    color: var(--dw-muted);
  }
`;
