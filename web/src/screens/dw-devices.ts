import { css, html, nothing } from "lit";
import { call, type PageDevice, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { confirmDialog, dialogStyles, showDialogs } from "../parts/confirm.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { may } from "../parts/may.ts";
import { Seconds } from "../parts/seconds.ts";
import { base, buttons, fields, page, tones } from "../parts/styles.ts";
import { sayKind } from "../pure/arrival-words.ts";
import { href } from "../pure/route.ts";
import { howLong, sayDevice, sayError, sayTrack } from "../pure/words.ts";
import "../arrivals/dw-waiting.ts";

/** All devices with what they are doing, since when, and what went wrong last. */
export class DwDevices extends HubElement {
  static override properties = {
    ...HubElement.properties,
    removing: { state: true },
    wrong: { state: true },
    done: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    page,
    tones,
    dialogStyles,
    css`
      .list {
        list-style: none;
      }
      .list li {
        display: grid;
        grid-template-columns: minmax(0, 3fr) minmax(0, 5fr) auto;
        gap: 4px 24px;
        align-items: center;
        padding: 12px 16px;
      }
      .list li + li {
        border-top: 1px solid var(--dw-line);
      }
      .name a {
        font-weight: 600;
        color: inherit;
        text-decoration: none;
      }
      .name a:hover {
        text-decoration: underline;
      }
      .name,
      .doing {
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .name p,
      .doing p {
        font-size: var(--dw-13);
        color: var(--dw-muted);
        overflow-wrap: anywhere;
      }
      .badge {
        display: inline-block;
        margin-left: 8px;
        padding: 1px 8px;
        border-radius: 999px;
        background: var(--dw-waiting-soft);
        color: var(--dw-waiting);
        font-size: var(--dw-13);
        font-weight: 600;
        white-space: nowrap;
      }
      .state {
        font-weight: 600;
      }
      .list .row {
        flex-wrap: nowrap;
        gap: 4px;
      }
      .list .row button,
      .list .row a {
        font-size: var(--dw-13);
        padding: 0 10px;
        min-height: var(--dw-touch, 40px);
      }
      .list svg {
        width: 16px;
        height: 16px;
      }
      @media (max-width: 860px) {
        .list li {
          grid-template-columns: 1fr;
          gap: 8px;
          padding: 16px;
        }
        .list .row {
          flex-wrap: wrap;
          margin: 0 -10px;
        }
        .list .row button,
        .list .row a {
          min-height: 44px;
        }
      }
      .wrong,
      .good {
        margin-bottom: 16px;
      }
    `,
  ];
  declare removing: PageDevice | undefined;
  declare wrong: string;
  declare done: string;
  readonly #seconds = new Seconds(this);

  constructor() {
    super();
    this.wrong = "";
    this.done = "";
  }

  protected override updated(): void {
    showDialogs(this.renderRoot);
  }

  protected override render() {
    const { devices, known, administrator } = this.hub;
    return html`
      <header>
        <h1>${t("Devices")}</h1>
        ${administrator ? html`<a class="button primary" href="#/add">${icon("plus")}${t("Add a device")}</a>` : nothing}
      </header>
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      ${this.done ? html`<div class="good" role="status">${icon("check")}<span>${this.done}</span></div>` : nothing}
      ${administrator || this.hub.waiting.length > 0 ? html`<dw-waiting .hub=${this.hub}></dw-waiting>` : nothing}
      ${
        known && devices.length === 0
          ? html`<div class="panel empty"><h2>${t("Nothing here yet")}</h2><p>${t("A device is whatever the hub can see, hear or speak through: a camera, a door station, a speaker in a room. You need only its address; or it calls the hub, and then it shows here until you let it in.")}</p></div>`
          : html`<ul class="panel list">${devices.map((device) => this.#renderDevice(device))}</ul>`
      }
      ${this.#renderRemoving()}
    `;
  }

  #renderDevice(device: PageDevice) {
    const { id, name, area, kind, address, state, tracks } = device;
    const said = sayDevice(device, this.#seconds.nowMs);
    const video = tracks.find((track) => track.kind === "video");
    const since =
      state.phase === "stale" ? "" : t(" for {time}", { time: howLong(this.#seconds.nowMs - state.sinceMs) });
    const trouble = said.tone === "trouble" || said.tone === "waiting";
    return html`<li>
      <div class="name">
        <a href=${href({ screen: "camera", id })}>${name}</a>${renderBadge(device)}
        <p>${[area, address ?? (device.arrival ? t("{kind}, calls the hub", { kind: sayKind(kind) }) : kind)].filter(Boolean).join(" · ")}</p>
      </div>
      <div class="doing">
        <span class="state" data-tone=${said.tone}>${said.text}${since}</span>
        <p>${trouble ? (said.detail ?? "") : video ? sayTrack(video) : (said.detail ?? "")}</p>
        ${!trouble && state.error ? html`<p>${t("Last trouble {time} ago: {message}", { time: howLong(this.#seconds.nowMs - state.error.atMs), message: sayError(state.error) })}</p>` : nothing}
      </div>
      ${
        this.hub.administrator || may(device, "administer")
          ? html`<div class="row">
              <button class="ghost" @click=${() => this.#restart(device)} aria-label=${t("Restart {name}", { name })}>${icon("restart")}${t("Restart")}</button>
              <a class="button ghost" href=${href({ screen: "edit", id })} aria-label=${t("Edit {name}", { name })}>${icon("edit")}${t("Edit")}</a>
              <button class="ghost" @click=${() => this.#ask(device)} aria-label=${t("Remove {name}", { name })}>${icon("trash")}${t("Remove")}</button>
            </div>`
          : nothing
      }
    </li>`;
  }

  #renderRemoving() {
    const { removing } = this;
    if (!removing) return nothing;
    return confirmDialog({
      title: t("Remove {name}?", { name: removing.name }),
      text: t(
        "Nobody can watch it or speak through it any more. The camera itself is not changed, and you can add it again.",
      ),
      yes: t("Remove"),
      onYes: () => void this.#remove(removing),
      onClose: () => {
        this.removing = undefined;
      },
    });
  }

  #ask(device: PageDevice): void {
    this.removing = device;
  }

  async #restart({ id, name }: PageDevice): Promise<void> {
    await this.#do(t("{name} is connected anew.", { name }), () =>
      call("POST", `/api/v1/devices/${encodeURIComponent(id)}/restart`, { body: {} }),
    );
  }

  async #remove({ id, name }: PageDevice): Promise<void> {
    await this.#do(t("{name} was removed.", { name }), async () => {
      await call("DELETE", `/api/v1/devices/${encodeURIComponent(id)}`);
      this.hub.lose(id);
    });
  }

  async #do(done: string, action: () => Promise<unknown>): Promise<void> {
    this.wrong = "";
    this.done = "";
    try {
      await action();
      this.done = done;
    } catch (error) {
      this.wrong = sentence(error);
    }
  }
}

/** What people have to know of how a device is let in. */
function renderBadge({ arrival }: PageDevice) {
  if (arrival?.enrolled === "legacy") {
    return html`<span class="badge" title=${t("It carries no token: whatever calls from its address is taken for it. It may open no door and call no emergency.")}>${t("by its address only")}</span>`;
  }
  if (arrival && !arrival.enrolled) {
    return html`<span class="badge" title=${t("It has no token, so that nothing can call as this device. Make one under Edit.")}>${t("not let in")}</span>`;
  }
  return nothing;
}

customElements.define("dw-devices", DwDevices);
