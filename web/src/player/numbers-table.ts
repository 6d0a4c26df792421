import { html, nothing } from "lit";
import type { PageDevice } from "../api.ts";
import { t, tn } from "../language/t.ts";
import type { Numbers } from "../net/numbers.ts";
import type { PictureSession } from "../net/picture-session.ts";
import { type DelayRow, sayDelay } from "../pure/delay-words.ts";
import { sayConverted, sayDecoded } from "../pure/picture-words.ts";

/** What stands in the table of a picture's figures. */
export interface NumbersTable {
  readonly figures: Numbers;
  readonly device: PageDevice | undefined;
  /** Which of its pictures it is; undefined while that is not decided, which means the main one. */
  readonly rendition: "main" | "sub" | undefined;
  /** How it comes: undefined while there is none. */
  readonly session: Pick<PictureSession, "converted" | "decoded"> | undefined;
}

/** The figures of a picture, over the picture. */
export function renderNumbers({ figures, device, rendition = "main", session }: NumbersTable) {
  const { converted, decoded } = session ?? {};
  const quirks = device?.quirks ?? [];
  const delay = delayOf(device, { figures, rendition, converted });
  const { framesPerSecond, bitrateBps, framesDropped, packetsLost, widthPx, heightPx } = figures;
  const rows: [string, string][] = [
    [t("Size"), widthPx ? `${widthPx} × ${heightPx}` : "–"],
    [t("Pictures"), framesPerSecond === undefined ? "–" : t("{count} a second", { count: framesPerSecond.toFixed(0) })],
    [t("Bit rate"), bitrateBps === undefined ? "–" : `${(bitrateBps / 1e6).toFixed(2)} Mbit/s`],
    [delay.name, delay.value],
    [t("Dropped"), tn(framesDropped ?? 0, "{count} picture", "{count} pictures")],
    [t("Lost"), tn(packetsLost ?? 0, "{count} packet", "{count} packets")],
  ];
  return html`<dl class="numbers">
    ${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
    ${delay.note ? html`<dt>${t("Its clock")}</dt><dd class="learnt">${delay.note}</dd>` : nothing}
    ${decoded ? html`<dt>${t("Kind")}</dt><dd class="learnt">${sayDecoded(decoded)}</dd>` : nothing}
    ${converted ? html`<dt>${t("Kind")}</dt><dd class="learnt">${sayConverted(converted)}</dd>` : nothing}
    ${quirks.length > 0 ? html`<dt>${t("Learnt")}</dt><dd class="learnt">${quirks.map(({ sentence }) => html`<p>${t("It {sentence}.", { sentence })}</p>`)}</dd>` : nothing}
  </dl>`;
}

/** What a conversion in the hub adds is not measured: then the delay is told from there on. */
function delayOf(
  device: PageDevice | undefined,
  shown: Pick<NumbersTable, "figures"> & Pick<PictureSession, "converted"> & { readonly rendition: string },
): DelayRow {
  const track = device?.tracks.find(({ kind, label }) => kind === "video" && label === shown.rendition);
  return sayDelay(shown.converted ? undefined : track?.delay, shown.figures.latencyMs);
}
