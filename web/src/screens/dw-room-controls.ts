import { css, html, nothing } from "lit";
import { call, type PageDevice, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { dialogStyles, showDialogs } from "../parts/confirm.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { may } from "../parts/may.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { href } from "../pure/route.ts";
import { sayRoom } from "../pure/station-words.ts";

/** How loud a device is as people say it: the setting 1 is 100 %. */
const percentOf = (volume: number) => Math.round(volume * 100);

/**
 * A device's loudness, whether it is muted, and whether it may be disturbed, for those who may change it. With the attribute
 * `dialog` in a dialog with the ways on (event `dw-closed`).
 */
export class DwRoomControls extends HubElement {
  static override properties = {
    ...HubElement.properties,
    device: { attribute: false },
    dialog: { type: Boolean },
    volume: { state: true },
    wrong: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    dialogStyles,
    css`
      .controls {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
        gap: 12px;
      }
      .loud {
        grid-column: 1 / -1;
      }
      .loud span:first-child {
        display: flex;
        justify-content: space-between;
      }
      .loud .percent {
        font-weight: 400;
        font-variant-numeric: tabular-nums;
        color: var(--dw-muted);
      }
      input[type="range"] {
        width: 100%;
        height: 44px;
        margin: 0;
        accent-color: var(--dw-accent);
      }
      button {
        min-height: 56px;
        padding: 8px 12px;
        white-space: normal;
        line-height: 1.25;
      }
      [aria-pressed="true"] {
        border-color: var(--dw-waiting);
        background: var(--dw-waiting-soft);
      }
      [aria-pressed="true"] svg {
        color: var(--dw-waiting);
      }
      .icon {
        min-height: var(--dw-touch, 40px);
        padding: 0;
      }
    `,
  ];
  declare device: PageDevice;
  declare dialog: boolean;
  /** Where the slider is while it is moved. */
  declare volume: number | undefined;
  declare wrong: string;

  constructor() {
    super();
    this.wrong = "";
  }

  protected override updated(): void {
    showDialogs(this.renderRoot);
  }

  protected override render() {
    const { device } = this;
    if (!this.dialog) return this.#renderControls(device);
    return html`<dialog aria-labelledby="title" @close=${() => this.dispatchEvent(new CustomEvent("dw-closed"))}>
      <div class="top">
        <div><h2 id="title">${device.name}</h2><p class="muted">${device.area ? `${device.area}, ` : ""}${sayRoom(device, Date.now()).text}</p></div>
        <button class="ghost icon" aria-label=${t("Close")} @click=${() => this.renderRoot.querySelector("dialog")?.close()}>${icon("close")}</button>
      </div>
      ${this.#renderControls(device)}
      <a class="button" href=${href({ screen: "room", id: device.id })}>${icon("door")}${t("Open {name}", { name: device.name })}</a>
    </dialog>`;
  }

  #renderControls(device: PageDevice) {
    const { settings } = device;
    if (!may(device, "administer") || !settings) {
      return html`<p class="muted">${t("Somebody who looks after {name} sets how loud it is.", { name: device.name })}</p>`;
    }
    const volume = this.volume ?? settings.volume;
    return html`<div class="controls">
      ${this.wrong ? html`<div class="wrong loud" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      <label class="loud"><span>${t("Loudness")}<span class="percent">${percentOf(volume)} %</span></span>
        <input type="range" min="0" max="1.5" step="0.05" .value=${String(volume)} aria-valuetext="${percentOf(volume)} %" @input=${(
          event: Event,
        ) => {
          this.volume = Number((event.target as HTMLInputElement).value);
        }} @change=${() => this.#change({ volume: this.volume ?? settings.volume })} /></label>
      <button aria-pressed=${settings.muted} @click=${() => this.#change({ muted: !settings.muted })}>${icon(settings.muted ? "soundOff" : "sound")}${settings.muted ? t("Muted") : t("Mute")}</button>
      <button aria-pressed=${settings.doNotDisturb} @click=${() => this.#change({ doNotDisturb: !settings.doNotDisturb })}>${icon("moon")}${t("Do not disturb")}</button>
    </div>`;
  }

  async #change(change: { volume?: number; muted?: boolean; doNotDisturb?: boolean }): Promise<void> {
    this.wrong = "";
    try {
      const path = `/api/v1/devices/${encodeURIComponent(this.device.id)}`;
      this.hub.learn(await call<PageDevice>("PATCH", path, { body: change }));
    } catch (error) {
      this.wrong = sentence(error);
    } finally {
      this.volume = undefined;
    }
  }
}

customElements.define("dw-room-controls", DwRoomControls);
