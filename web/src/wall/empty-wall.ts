import { html, nothing, type TemplateResult } from "lit";
import type { Waiting } from "../api.ts";
import { t, tn } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import { href } from "../pure/route.ts";

/** A house without anything to be seen, and what can be done about it. */
export function emptyWall(administrator: boolean, waiting: TemplateResult | typeof nothing) {
  return html`<div class="empty">
    ${waiting} ${icon("devices")}
    <h1>${t("No cameras yet")}</h1>
    ${
      administrator
        ? html`<p>${t("Paste a camera's address and watch it here a moment later. No camera at hand? Start the hub with")} <code>doorward demo</code> ${t("for a few that are only pretended.")}</p>
            <a class="button primary" href="#/add">${icon("plus")}${t("Add a device")}</a>`
        : html`<p>${t("Nobody has given you a camera to look at. An administrator can do so under People.")}</p>`
    }
  </div>`;
}

/** A quiet line for whoever may let devices in. */
export function waitingLine(waiting: readonly Waiting[]) {
  const [first] = waiting;
  if (!first) return nothing;
  const who =
    waiting.length === 1
      ? t("{name} waits to be let in", { name: first.id })
      : tn(waiting.length, "{count} device waits to be let in", "{count} devices wait to be let in");
  return html`<a class="waits" href=${href({ screen: "devices" })}>${icon("door")}${who}</a>`;
}
