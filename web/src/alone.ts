import tokens from "./tokens.css?inline";

/** The player and the talk bar for other people's pages: `<script type="module" src="https://hub/doorward-player.js">`. */
export { DwPlayer } from "./player/dw-player.ts";
export { DwTalk } from "./talk/dw-talk.ts";

const sheet = new CSSStyleSheet();
sheet.replaceSync(tokens);
document.adoptedStyleSheets.push(sheet);
