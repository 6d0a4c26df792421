import { css, html, nothing } from "lit";
import type { PageDevice } from "../api.ts";
import { readPreferences, writePreferences } from "../app/preferences.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { Keys, toggleFullScreen } from "../parts/keys.ts";
import { hasBell, may, pressBell } from "../parts/may.ts";
import { base, buttons, head } from "../parts/styles.ts";
import type { DwPlayer } from "../player/dw-player.ts";
import { type KeyAction, neighbour } from "../pure/keys.ts";
import { isRoom, onWall } from "../pure/rooms.ts";
import { href } from "../pure/route.ts";
import { sayTrack } from "../pure/words.ts";
import "../player/dw-player.ts";
import "../talk/dw-talk.ts";

/** One camera large, with its sound, and the bar to talk through it. */
export class DwCamera extends HubElement {
  static override properties = {
    ...HubElement.properties,
    camera: {},
    panel: { type: Boolean, reflect: true },
    sound: { state: true },
    numbers: { state: true },
    live: { state: true },
    notice: { state: true },
  };
  static override styles = [
    base,
    buttons,
    head,
    css`
      :host {
        display: grid;
        grid-template: auto minmax(0, 1fr) auto / minmax(0, 1fr);
        height: 100%;
        min-height: 0;
      }
      .head .what {
        margin-left: auto;
        color: var(--dw-muted);
        font-size: var(--dw-13);
        text-align: right;
      }
      .stage {
        display: grid;
        min-height: 0;
        background: var(--dw-picture);
      }
      dw-player {
        aspect-ratio: auto;
        width: 100%;
        height: 100%;
      }
      .bottom {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 12px 16px;
        align-items: center;
        width: 100%;
        max-width: 1120px;
        margin: 0 auto;
        padding: 12px 16px calc(16px + env(safe-area-inset-bottom));
      }
      .tools {
        display: flex;
        gap: 4px;
      }
      .tools button,
      .tools a {
        flex-direction: column;
        gap: 4px;
        min-width: 72px;
        min-height: 64px;
        padding: 8px;
        font-size: var(--dw-13);
        font-weight: 400;
        line-height: 1.2;
        border-color: transparent;
        background: transparent;
      }
      .tools button:hover,
      .tools a:hover {
        background: var(--dw-hover);
      }
      .tools [aria-pressed="true"] {
        color: var(--dw-accent);
        font-weight: 600;
      }
      .gone {
        display: grid;
        place-content: center;
        justify-items: center;
        gap: 12px;
        padding: 48px 24px;
        text-align: center;
      }
      @media (max-width: 860px) {
        .bottom {
          grid-template-columns: minmax(0, 1fr);
        }
        .tools {
          justify-content: space-between;
          grid-row: 1;
        }
        .tools button,
        .tools a {
          flex: 1;
          min-width: 0;
        }
      }
      @media (orientation: landscape) and (max-height: 520px) {
        :host {
          position: relative;
          grid-template: minmax(0, 1fr) / minmax(0, 1fr) 152px;
          background: var(--dw-bg);
        }
        .head {
          position: absolute;
          inset: env(safe-area-inset-top) auto auto env(safe-area-inset-left);
          z-index: 1;
          border: 0;
          padding: 4px 12px 4px 4px;
          background: var(--dw-over);
          border-radius: 0 0 var(--dw-radius) 0;
          color: var(--dw-over-text);
        }
        .head a,
        .head .muted {
          color: inherit;
        }
        .head h1 {
          font-size: var(--dw-15);
        }
        .head .what {
          display: none;
        }
        .stage {
          grid-area: 1 / 1;
        }
        .bottom {
          grid: auto minmax(0, 1fr) / minmax(0, 1fr);
          align-items: stretch;
          gap: 4px;
          padding: 4px max(4px, env(safe-area-inset-right)) max(4px, env(safe-area-inset-bottom)) 4px;
          overflow-y: auto;
        }
        .tools {
          display: grid;
          grid-template-columns: 1fr 1fr;
          grid-row: 1;
          gap: 2px;
        }
        .tools button,
        .tools a {
          min-height: 52px;
          padding: 4px;
        }
        /* Setting up is for another moment: the room is for talking. */
        .tools a {
          display: none;
        }
        dw-talk {
          grid-row: 2;
        }
      }
      @media (max-width: 640px) {
        .head .what {
          display: none;
        }
      }
    `,
  ];

  /** Id of the device. */
  declare camera: string;
  /** On a wall tablet: nothing leads to administration. */
  declare panel: boolean;
  declare sound: boolean;
  declare numbers: boolean;
  declare live: boolean;
  declare notice: string;

  constructor() {
    super();
    this.camera = "";
    this.panel = false;
    this.sound = readPreferences().sound && (navigator.userActivation?.hasBeenActive ?? false);
    this.numbers = false;
    this.live = false;
    this.notice = "";
    new Keys(this, (action) => this.#onKey(action));
  }

  protected override render() {
    const device = this.hub.device(this.camera);
    if (!device && this.hub.known) {
      return html`<div class="gone"><h1>This camera is not here</h1><p class="muted">It was removed, or you may not see it.</p><a class="button" href="#/wall">${icon("wall")}To the wall</a></div>`;
    }
    if (!device) return nothing;
    const audible = device.tracks.some(({ kind }) => kind === "audio") && may(device, "listen");
    const video = device.tracks.find(({ kind }) => kind === "video");
    return html`
      <div class="head">
        <a class="button ghost icon" href="#/wall" aria-label="Back to the wall" title="Back to the wall (Esc)">${icon("back")}</a>
        <h1>${device.name}</h1>
        ${device.area ? html`<span class="muted">${device.area}</span>` : nothing}
        ${video ? html`<span class="what">${sayTrack(video)}</span>` : nothing}
      </div>
      <div class="stage">
        <dw-player
          src="/whep/${encodeURIComponent(device.id)}"
          announce
          ?muted=${!this.sound || !may(device, "listen")}
          ?numbers=${this.numbers}
          .looks=${this.hub.looks}
          .device=${device}
          @dw-state=${(event: CustomEvent<{ tone: string }>) => {
            this.live = event.detail.tone === "live";
          }}
          @dw-sound-refused=${() => {
            this.sound = false;
          }}
        >${this.#renderWayOut(device)}</dw-player>
      </div>
      <div class="bottom">
        ${may(device, "talk") ? html`<dw-talk hotkey @dw-talking=${this.#onTalking} .line=${this.hub} .session=${this.hub.session} .device=${device}></dw-talk>` : html`<span class="muted">You may watch this camera, not talk through it.</span>`}
        <div class="tools">
          ${audible ? html`<button aria-pressed=${this.sound} @click=${this.#toggleSound} title="Sound (M)">${icon(this.sound ? "sound" : "soundOff")}${this.sound ? "Sound on" : "Sound off"}</button>` : nothing}
          <button ?disabled=${!this.live} @click=${this.#snapshot}>${icon("camera")}Snapshot</button>
          <button @click=${this.#fullScreen} title="Full screen (F)">${icon("full")}Full screen</button>
          <button
            aria-pressed=${this.numbers}
            @click=${() => {
              this.numbers = !this.numbers;
            }}
          >${icon("numbers")}Numbers</button>
          ${hasBell(device) && may(device, "talk") ? html`<button @click=${() => this.#ring(device)}>${icon("bellRing")}Ring</button>` : nothing}
          ${this.hub.administrator && !this.panel ? html`<a class="button" href=${href({ screen: "edit", id: device.id })}>${icon("edit")}Edit</a>` : nothing}
        </div>
      </div>
      <span class="unseen" role="status">${this.notice}</span>
    `;
  }

  #renderWayOut(device: PageDevice) {
    const { phase, error } = device.state;
    if (phase === "trouble" || (phase === "connecting" && error && error.code !== "wrong-password")) {
      return html`<button slot="way-out" @click=${() => this.hub.looks.tryNow(device.id)}>${icon("restart")}Try now</button>`;
    }
    if (!this.hub.administrator || this.panel || phase !== "wrong-password") return nothing;
    return html`<a class="button" slot="way-out" href=${href({ screen: "edit", id: device.id })}>${icon("key")}Give another password</a>`;
  }

  get #player(): DwPlayer | null {
    return this.renderRoot.querySelector("dw-player");
  }

  /** A camera that hears its own speaker is played softly while one talks through it. */
  #onTalking(event: CustomEvent<boolean>): void {
    const echoes = this.hub.device(this.camera)?.speaker?.echoCancelling === false;
    const player = this.#player;
    if (player) player.ducked = event.detail && echoes && readPreferences().duck;
  }

  #toggleSound(): void {
    this.sound = !this.sound;
    writePreferences({ sound: this.sound });
  }

  #fullScreen(): void {
    toggleFullScreen(this.#player ?? this);
  }

  /** Presses the door's bell from here. */
  async #ring({ id }: PageDevice): Promise<void> {
    this.notice = await pressBell(id);
  }

  async #snapshot(): Promise<void> {
    const blob = await this.#player?.snapshot();
    if (!blob) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    const time = new Date().toISOString().slice(0, 19).replace("T", " ").replaceAll(":", ".");
    link.download = `${this.hub.device(this.camera)?.name ?? "camera"} ${time}.jpg`;
    link.click();
    URL.revokeObjectURL(link.href);
    this.notice = "Snapshot saved";
  }

  #onKey(action: KeyAction): boolean | undefined {
    switch (action.action) {
      case "select": {
        const device = onWall(this.hub.devices)[action.index];
        if (device) location.hash = href({ screen: "camera", id: device.id });
        return device !== undefined;
      }
      case "step": {
        const cameras = this.hub.devices.filter((device) => !isRoom(device));
        const next = neighbour(cameras, { id: this.camera, by: action.by });
        if (next) location.hash = href({ screen: "camera", id: next.id });
        return next !== undefined;
      }
      case "full-screen":
        this.#fullScreen();
        return true;
      case "mute":
        this.#toggleSound();
        return true;
      case "back":
        if (document.fullscreenElement) return false;
        location.hash = "#/wall";
        return true;
      default:
        return false;
    }
  }
}

customElements.define("dw-camera", DwCamera);
