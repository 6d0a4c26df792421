import { css, html, nothing } from "lit";
import { call, type PageDevice, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { Keys } from "../parts/keys.ts";
import { hasBell, may, pressBell } from "../parts/may.ts";
import { Seconds } from "../parts/seconds.ts";
import { base, buttons, head } from "../parts/styles.ts";
import { onWall } from "../pure/rooms.ts";
import { href } from "../pure/route.ts";
import { sayRoom } from "../pure/station-words.ts";
import { targetOf } from "../pure/target.ts";
import { sayDevice, timer } from "../pure/words.ts";
import "../talk/dw-talk.ts";
import "./dw-room-controls.ts";
import "./dw-talks.ts";
import "./dw-tell.ts";

/** One room: who speaks there, whether it can hear, and all that one can do with it. */
export class DwRoom extends HubElement {
  static override properties = { ...HubElement.properties, room: {}, telling: { state: true }, wrong: { state: true } };
  static override styles = [
    base,
    buttons,
    head,
    css`
      :host {
        display: flex;
        flex-direction: column;
        height: 100%;
        min-height: 0;
      }
      .head .button:last-child:not(:first-child) {
        margin-left: auto;
      }
      .body {
        flex: 1;
        min-height: 0;
        overflow: auto;
        display: grid;
        align-content: start;
        gap: 16px;
        width: 100%;
        max-width: 720px;
        margin: 0 auto;
        padding: 8px 16px 16px;
      }
      .now {
        display: flex;
        align-items: center;
        gap: 16px;
        min-height: 96px;
        padding: 16px 20px;
        border: 1px solid var(--dw-line);
        border-radius: var(--dw-radius);
        background: var(--dw-surface);
      }
      .now svg {
        width: 32px;
        height: 32px;
        color: var(--dw-muted);
      }
      .now strong {
        display: block;
        font-size: var(--dw-24);
        line-height: 1.25;
      }
      .now strong::first-letter {
        text-transform: uppercase;
      }
      .now p {
        flex: 1;
        min-width: 0;
      }
      .now span {
        display: block;
        color: var(--dw-muted);
      }
      .now .for {
        font-size: var(--dw-24);
        font-variant-numeric: tabular-nums;
      }
      .now[data-tone="speaking"] {
        background: var(--dw-speaking);
        border-color: var(--dw-speaking);
      }
      .now[data-tone="speaking"] * {
        color: var(--dw-on-speaking);
      }
      .card {
        padding: 16px 20px;
        border: 1px solid var(--dw-line);
        border-radius: var(--dw-radius);
        background: var(--dw-surface);
      }
      .card h2 {
        margin-bottom: 8px;
      }
      .bottom {
        display: grid;
        gap: 8px;
        width: 100%;
        max-width: 720px;
        margin: 0 auto;
        padding: 8px 16px calc(16px + env(safe-area-inset-bottom));
      }
      .gone {
        display: grid;
        place-content: center;
        justify-items: center;
        gap: 12px;
        padding: 48px 24px;
        text-align: center;
      }
    `,
  ];
  /** Id of the device. */
  declare room: string;
  declare telling: boolean;
  /** What became of a call or a ring. */
  declare wrong: string;
  readonly #seconds = new Seconds(this);

  constructor() {
    super();
    this.room = "";
    this.telling = false;
    this.wrong = "";
    new Keys(this, (action) => {
      const device = action.action === "select" ? onWall(this.hub.devices)[action.index] : undefined;
      if (device) location.hash = href({ screen: "camera", id: device.id });
      else if (action.action === "back") location.hash = "#/wall";
      else return false;
      return true;
    });
  }

  protected override render() {
    const device = this.hub.device(this.room);
    if (!device && this.hub.known) {
      return html`<div class="gone"><h1>${t("This room is not here")}</h1><p class="muted">${t("It was removed, or you may not see it.")}</p><a class="button" href="#/wall">${icon("wall")}${t("To the wall")}</a></div>`;
    }
    if (!device) return nothing;
    const { nowMs } = this.#seconds;
    const said = sayRoom(device, nowMs);
    const holder = device.speaker?.holder;
    const talks = may(device, "talk");
    const target = targetOf([`device:${device.id}`], { devices: [device], groups: this.hub.groups });
    return html`
      <div class="head">
        <a class="button ghost icon" href="#/wall" aria-label=${t("Back to the wall")} title=${t("Back to the wall (Esc)")}>${icon("back")}</a>
        <h1>${device.name}</h1>
        ${device.area ? html`<span class="muted">${device.area}</span>` : nothing}
        ${this.hub.administrator ? html`<a class="button ghost" href=${href({ screen: "edit", id: device.id })}>${icon("edit")}${t("Edit")}</a>` : nothing}
      </div>
      <div class="body">
        <div class="now" data-tone=${said.tone} role="status">
          ${icon(holder ? "sound" : device.speaker?.doNotDisturb ? "moon" : device.speaker?.muted ? "soundOff" : "speaker")}
          <p><strong>${said.text}</strong>${holder ? nothing : html`<span>${this.#explain(said.tone)}</span>`}</p>
          ${holder ? html`<span class="for">${timer(nowMs - holder.sinceMs)}</span>` : nothing}
        </div>
        <div class="card"><dw-room-controls .hub=${this.hub} .device=${device}></dw-room-controls></div>
        <div class="card"><h2>${t("Last talks")}</h2><dw-talks .hub=${this.hub} .device=${device.id}></dw-talks></div>
      </div>
      <div class="bottom">
        ${
          talks
            ? html`<button @click=${() => {
                this.telling = true;
              }}>${icon("bellRing")}${t("Ring or announce")}</button>
              <button @click=${() => this.#call(device)}>${icon("phone")}${hasBell(device) ? t("Ring its bell") : t("Call {name}", { name: device.name })}</button>
              ${this.wrong ? html`<span class="muted" role="status">${this.wrong}</span>` : nothing}
              <dw-talk large hotkey ready .line=${this.hub} .session=${this.hub.session} .target=${target} @dw-said=${this.hub.onSaid}></dw-talk>`
            : html`<span class="muted">${t("You may not talk here.")}</span>`
        }
      </div>
      ${
        this.telling
          ? html`<dw-tell .hub=${this.hub} .target=${target} @dw-closed=${() => {
              this.telling = false;
            }}></dw-tell>`
          : nothing
      }
    `;
  }

  /** A room is called; a door rings, as if somebody stood there. */
  async #call(device: PageDevice): Promise<void> {
    if (hasBell(device)) {
      this.wrong = await pressBell(device.id);
      return;
    }
    this.wrong = "";
    try {
      await call("POST", "/api/v1/calls", { body: { to: `device:${device.id}` } });
    } catch (error) {
      this.wrong = sentence(error);
    }
  }

  #explain(tone: string): string {
    const device = this.hub.device(this.room);
    if (!device || tone !== "away") return t("Whatever you say is heard at once.");
    if (device.speaker?.doNotDisturb) return t("Only emergencies are heard there.");
    if (device.speaker?.muted) return t("Nothing is played there but emergencies.");
    return sayDevice(device, this.#seconds.nowMs).detail ?? t("It cannot hear you at the moment.");
  }
}

customElements.define("dw-room", DwRoom);
