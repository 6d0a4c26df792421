import { css, html, nothing } from "lit";
import type { PageDevice } from "../api.ts";
import type { Hub } from "../app/hub.ts";
import { icon } from "../parts/icons.ts";
import { canTalk, may } from "../parts/may.ts";
import { cardSentences, labels } from "../pure/card-words.ts";
import { DwCard, instead } from "./dw-card.ts";
import { type CardEditor, makeEditor } from "./editor.ts";
import type { CardConfig } from "./home-assistant.ts";
import { plain, withoutUrgency } from "./wishes.ts";
import "../player/dw-player.ts";
import "../talk/dw-talk.ts";

/** Settings of {@link DoorwardCamera}. */
export interface CameraConfig extends CardConfig {
  /** Id or name of the device; the first one with a picture without. */
  readonly device?: string;
  readonly fit?: "contain" | "cover";
  /** False leaves out what one holds to talk. */
  readonly talk?: boolean;
  readonly urgent?: boolean;
  readonly hotkey?: boolean;
  readonly awake?: boolean;
}

/** Live picture and sound of one device, with hold to talk where it has a loudspeaker. */
export class DoorwardCamera extends DwCard<CameraConfig> {
  static override properties = { ...DwCard.properties, sound: { state: true }, talking: { state: true } };
  static override styles = [
    ...DwCard.styles,
    css`
      dw-player {
        width: 100%;
        flex: 1 0 auto;
      }
      .below {
        display: flex;
        align-items: stretch;
        gap: 8px;
        padding: 8px;
      }
      dw-talk {
        flex: 1;
        min-width: 0;
      }
      .below > button {
        min-width: 56px;
        min-height: 48px;
      }
      dw-talk + button {
        padding: 0;
      }
      button:only-child {
        flex: 1;
      }
    `,
  ];
  declare sound: boolean;
  declare talking: boolean;

  constructor() {
    super();
    this.sound = false;
    this.talking = false;
  }

  static getConfigElement(): CardEditor {
    return makeEditor(["device", "title", "fit", "talk", "urgent", "hotkey", "awake", "hub"]);
  }

  static getStubConfig(): Omit<CameraConfig, "type"> {
    return {};
  }

  getCardSize(): number {
    return 6;
  }

  protected override renderHub(hub: Hub, config: CameraConfig) {
    const device = deviceOf(hub, config.device);
    if (!device) return instead(config.device ? cardSentences.noDevice : cardSentences.noCamera);
    const hears = may(device, "listen") && device.tracks.some(({ kind }) => kind === "audio");
    const talks = config.talk !== false && canTalk(device);
    return html`<dw-player
        src="/whep/${encodeURIComponent(device.id)}"
        label=${config.title ? "" : device.name}
        fit=${config.fit ?? "contain"}
        ?muted=${!this.sound}
        ?ducked=${this.talking && device.speaker?.echoCancelling !== true}
        .looks=${hub.looks}
        .device=${device}
        @dw-sound-refused=${() => {
          this.sound = false;
        }}
      ></dw-player>
      ${hears || talks ? html`<div class="below">${talks ? this.#renderTalk(hub, device) : nothing}${hears ? this.#renderSound(talks) : nothing}</div>` : nothing}`;
  }

  #renderTalk(hub: Hub, device: PageDevice) {
    const { urgent, hotkey } = this.config ?? {};
    return html`<dw-talk
      ?hotkey=${hotkey}
      .line=${hub}
      .session=${plain(hub.session)}
      .device=${urgent === false ? withoutUrgency(device) : device}
      @dw-talking=${(event: CustomEvent<boolean>) => {
        this.talking = event.detail;
      }}
    ></dw-talk>`;
  }

  /** Beside the talk bar without its words. */
  #renderSound(talks: boolean) {
    const label = this.sound ? labels.soundOn : labels.soundOff;
    return html`<button
      aria-pressed=${this.sound}
      aria-label=${label}
      title=${label}
      @click=${() => {
        this.sound = !this.sound;
      }}
    >${icon(this.sound ? "sound" : "soundOff")}${talks ? nothing : label}</button>`;
  }
}

/** By id, or by name; without either the first one that shows a picture. */
function deviceOf(hub: Hub, named: string | undefined): PageDevice | undefined {
  if (!named) return hub.devices.find((device) => may(device, "view") && device.can?.view !== "no");
  return hub.device(named) ?? hub.devices.find(({ name }) => name === named);
}

customElements.define("doorward-camera", DoorwardCamera);
