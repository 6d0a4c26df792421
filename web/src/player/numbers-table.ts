import { html, nothing } from "lit";
import type { PageDevice } from "../api.ts";
import type { Numbers } from "../net/numbers.ts";
import type { WhepSession } from "../net/whep.ts";
import { sayConverted } from "../pure/picture-words.ts";

/** What stands in the table of a picture's figures. */
export interface NumbersTable {
  readonly figures: Numbers;
  readonly quirks: NonNullable<PageDevice["quirks"]>;
  readonly converted: WhepSession["converted"];
}

/** The figures of a picture, over the picture. */
export function renderNumbers({ figures, quirks, converted }: NumbersTable) {
  const { framesPerSecond, bitrateBps, latencyMs, framesDropped, packetsLost, widthPx, heightPx } = figures;
  const rows: [string, string][] = [
    ["Size", widthPx ? `${widthPx} × ${heightPx}` : "–"],
    ["Pictures", framesPerSecond === undefined ? "–" : `${framesPerSecond.toFixed(0)} a second`],
    ["Bit rate", bitrateBps === undefined ? "–" : `${(bitrateBps / 1e6).toFixed(2)} Mbit/s`],
    ["Delay from the hub", latencyMs === undefined ? "–" : `about ${Math.max(1, Math.round(latencyMs))} ms`],
    ["Dropped", `${framesDropped ?? 0} pictures`],
    ["Lost", `${packetsLost ?? 0} packets`],
  ];
  return html`<dl class="numbers">
    ${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
    ${converted ? html`<dt>Kind</dt><dd class="learnt">${sayConverted(converted)}</dd>` : nothing}
    ${quirks.length > 0 ? html`<dt>Learnt</dt><dd class="learnt">${quirks.map(({ sentence }) => html`<p>It ${sentence}.</p>`)}</dd>` : nothing}
  </dl>`;
}
