import { css, html, nothing } from "lit";
import { t } from "../language/t.ts";
import { timeOfDay } from "../language/times.ts";
import { dialogStyles, showDialogs } from "../parts/confirm.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { Seconds } from "../parts/seconds.ts";
import { base, buttons } from "../parts/styles.ts";
import type { Talked } from "../pure/talk-log.ts";
import { sayHeard } from "../pure/talk-words.ts";
import { timer } from "../pure/words.ts";

const shown = 20;

/**
 * The last talks that this page saw: who, to whom, when, how long, and who heard it where the page spoke itself. With the
 * attribute `dialog` in a dialog (event `dw-closed`), with `device` of that one only.
 */
export class DwTalks extends HubElement {
  static override properties = { ...HubElement.properties, device: {}, dialog: { type: Boolean } };
  static override styles = [
    base,
    buttons,
    dialogStyles,
    css`
      ul {
        list-style: none;
      }
      li {
        display: grid;
        grid-template-columns: 72px minmax(0, 1fr) auto;
        gap: 0 12px;
        padding: 10px 0;
      }
      li + li {
        border-top: 1px solid var(--dw-line);
      }
      time,
      .for {
        font-variant-numeric: tabular-nums;
        color: var(--dw-muted);
      }
      .now {
        color: var(--dw-live);
        font-weight: 600;
      }
      p {
        grid-column: 2 / -1;
      }
      .top {
        display: flex;
        align-items: center;
        justify-content: space-between;
      }
      .urgent {
        color: var(--dw-trouble);
        font-weight: 600;
      }
    `,
  ];
  declare device: string | undefined;
  declare dialog: boolean;
  readonly #seconds = new Seconds(this);

  protected override updated(): void {
    showDialogs(this.renderRoot);
  }

  protected override render() {
    const talks = this.hub.talks.talks
      .filter(({ deviceIds }) => this.device === undefined || deviceIds.includes(this.device))
      .slice(0, shown);
    const list =
      talks.length > 0
        ? html`<ul>${talks.map((talk) => this.#renderTalk(talk))}</ul>`
        : html`<p class="muted">${t("Nobody has spoken since this page was opened.")}</p>`;
    if (!this.dialog) return list;
    return html`<dialog aria-labelledby="title" @close=${() => this.dispatchEvent(new CustomEvent("dw-closed"))}>
      <div class="top"><h2 id="title">${t("Last talks")}</h2><button class="ghost icon" autofocus aria-label=${t("Close")} @click=${() => this.renderRoot.querySelector("dialog")?.close()}>${icon("close")}</button></div>
      ${list}
    </dialog>`;
  }

  #renderTalk({ name, priority, sinceMs, untilMs, deviceIds, heard }: Talked) {
    const at = new Date(sinceMs);
    const names = deviceIds.map((id) => this.hub.device(id)?.name ?? id);
    const whom =
      names.length > 3
        ? t("{names} and {count} more", { names: names.slice(0, 2).join(", "), count: names.length - 2 })
        : names.join(", ");
    return html`<li>
      <time datetime=${at.toISOString()}>${timeOfDay(at)}</time>
      <span><strong>${name}</strong> ${priority === 2 ? html`<span class="urgent">${t("emergency")}</span> ` : nothing}${t("to {whom}", { whom })}</span>
      <span class=${untilMs === undefined ? "for now" : "for"}>${untilMs === undefined ? `${t("now")} ` : ""}${timer((untilMs ?? this.#seconds.nowMs) - sinceMs)}</span>
      ${heard && heard.length > 1 ? html`<p class="muted small">${sayHeard(heard, this.hub.devices)}</p>` : nothing}
    </li>`;
  }
}

customElements.define("dw-talks", DwTalks);
