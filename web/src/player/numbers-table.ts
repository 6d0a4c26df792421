import { html, nothing } from "lit";
import type { PageDevice } from "../api.ts";
import { t, tn } from "../language/t.ts";
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
    [t("Size"), widthPx ? `${widthPx} × ${heightPx}` : "–"],
    [t("Pictures"), framesPerSecond === undefined ? "–" : t("{count} a second", { count: framesPerSecond.toFixed(0) })],
    [t("Bit rate"), bitrateBps === undefined ? "–" : `${(bitrateBps / 1e6).toFixed(2)} Mbit/s`],
    [
      t("Delay from the hub"),
      latencyMs === undefined ? "–" : t("about {count} ms", { count: Math.max(1, Math.round(latencyMs)) }),
    ],
    [t("Dropped"), tn(framesDropped ?? 0, "{count} picture", "{count} pictures")],
    [t("Lost"), tn(packetsLost ?? 0, "{count} packet", "{count} packets")],
  ];
  return html`<dl class="numbers">
    ${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
    ${converted ? html`<dt>${t("Kind")}</dt><dd class="learnt">${sayConverted(converted)}</dd>` : nothing}
    ${quirks.length > 0 ? html`<dt>${t("Learnt")}</dt><dd class="learnt">${quirks.map(({ sentence }) => html`<p>${t("It {sentence}.", { sentence })}</p>`)}</dd>` : nothing}
  </dl>`;
}
