import { html, nothing, type PropertyValues } from "lit";
import { type PageDevice, sentence } from "../api.ts";
import { readPreferences, writePreferences } from "../app/preferences.ts";
import { PictureInPicture } from "../camera/picture-in-picture.ts";
import { Zoomable } from "../camera/zoomable.ts";
import { t } from "../language/t.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { Keys, toggleFullScreen } from "../parts/keys.ts";
import { canTurn, hasBell, isAudible, may, pressBell } from "../parts/may.ts";
import { base, buttons, head } from "../parts/styles.ts";
import type { DwPlayer } from "../player/dw-player.ts";
import { type KeyAction, neighbour } from "../pure/keys.ts";
import { isRoom, onWall } from "../pure/rooms.ts";
import { href } from "../pure/route.ts";
import { favouritesAfter } from "../pure/wall-order.ts";
import { sayTrack } from "../pure/words.ts";
import { cameraStyles } from "./camera-styles.ts";
import "../player/dw-player.ts";
import "../camera/dw-ptz.ts";
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
    turning: { state: true },
  };
  static override styles = [base, buttons, head, cameraStyles];

  /** Id of the device. */
  declare camera: string;
  /** On a wall tablet: nothing leads to administration. */
  declare panel: boolean;
  declare sound: boolean;
  declare numbers: boolean;
  declare live: boolean;
  declare notice: string;
  /** The buttons that turn the camera are shown. */
  declare turning: boolean;
  readonly #zoom = new Zoomable(this, { picture: () => this.#player, onSwipe: (by) => this.#step(by) });
  readonly #window = new PictureInPicture(this, () => this.#player);

  constructor() {
    super();
    this.camera = "";
    this.panel = false;
    this.sound = readPreferences().sound && (navigator.userActivation?.hasBeenActive ?? false);
    this.numbers = false;
    this.live = false;
    this.notice = "";
    this.turning = false;
    new Keys(this, (action) => this.#onKey(action));
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (!changed.has("camera")) return;
    this.#zoom.reset();
    this.turning = false;
    this.notice = "";
  }

  protected override render() {
    const device = this.hub.device(this.camera);
    if (!device && this.hub.known) {
      return html`<div class="gone"><h1>${t("This camera is not here")}</h1><p class="muted">${t("It was removed, or you may not see it.")}</p><a class="button" href="#/wall">${icon("wall")}${t("To the wall")}</a></div>`;
    }
    if (!device) return nothing;
    const audible = isAudible(device);
    const video = device.tracks.find(({ kind }) => kind === "video");
    return html`
      <div class="head">
        <a class="button ghost icon" href="#/wall" aria-label=${t("Back to the wall")} title=${t("Back to the wall (Esc)")}>${icon("back")}</a>
        <h1>${device.name}</h1>
        ${device.area ? html`<span class="muted">${device.area}</span>` : nothing}
        ${this.panel ? nothing : this.#renderStar(device)}
        ${video ? html`<span class="what">${sayTrack(video)}</span>` : nothing}
      </div>
      <div class="stage" @wheel=${this.#zoom.onWheel} @pointerdown=${this.#zoom.onDown} @pointermove=${this.#zoom.onMove}
        @pointerup=${this.#zoom.onUp} @pointercancel=${this.#zoom.onCancel}>
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
        ${this.#zoom.scale > 1 ? html`<button class="whole" @click=${() => this.#zoom.reset()}>${icon("close")}${t("Whole picture")}</button>` : nothing}
        ${this.turning && canTurn(device) ? html`<dw-ptz device=${device.id}></dw-ptz>` : nothing}
      </div>
      <div class="bottom">
        ${may(device, "talk") ? html`<dw-talk hotkey ready @dw-talking=${this.#onTalking} .line=${this.hub} .session=${this.hub.session} .device=${device}></dw-talk>` : html`<span class="muted">${t("You may watch this camera, not talk through it.")}</span>`}
        <div class="tools">
          ${audible ? html`<button aria-pressed=${this.sound} @click=${this.#toggleSound} title=${t("Sound (M)")}>${icon(this.sound ? "sound" : "soundOff")}${this.sound ? t("Sound on") : t("Sound off")}</button>` : nothing}
          <button ?disabled=${!this.live} @click=${this.#snapshot}>${icon("camera")}${t("Snapshot")}</button>
          <button @click=${this.#fullScreen} title=${t("Full screen (F)")}>${icon("full")}${t("Full screen")}</button>
          ${
            canTurn(device)
              ? html`<button aria-pressed=${this.turning} @click=${() => {
                  this.turning = !this.turning;
                }}>${icon("turn")}${t("Turn")}</button>`
              : nothing
          }
          ${this.#window.possible ? html`<button aria-pressed=${this.#window.shown} ?disabled=${!this.live && !this.#window.shown} title=${t("The picture in a window of its own")} @click=${this.#openWindow}>${icon("pip")}${t("Window")}</button>` : nothing}
          <button
            class="figures"
            aria-pressed=${this.numbers}
            @click=${() => {
              this.numbers = !this.numbers;
            }}
          >${icon("numbers")}${t("Numbers")}</button>
          ${hasBell(device) && may(device, "talk") ? html`<button @click=${() => this.#ring(device)}>${icon("bellRing")}${t("Ring")}</button>` : nothing}
          ${this.hub.administrator && !this.panel ? html`<a class="button" href=${href({ screen: "edit", id: device.id })}>${icon("edit")}${t("Edit")}</a>` : nothing}
        </div>
      </div>
      <span class=${this.notice === "" || this.notice === t("Snapshot saved") ? "unseen" : "notice"} role="status">${this.notice}</span>
    `;
  }

  #renderStar({ id, name }: PageDevice) {
    const { favourites } = this.hub.wall;
    const label = t("Favourite: {name}", { name });
    return html`<button class="ghost icon star" aria-pressed=${favourites.includes(id)} aria-label=${label} title=${t("Favourites stand first on the wall")} @click=${async () => {
      try {
        await this.hub.arrange({ favourites: favouritesAfter(favourites, id) });
      } catch (error) {
        this.notice = sentence(error);
      }
    }}>${icon("star")}</button>`;
  }

  #renderWayOut(device: PageDevice) {
    const { phase, error } = device.state;
    if (phase === "trouble" || (phase === "connecting" && error && error.code !== "wrong-password")) {
      return html`<button slot="way-out" @click=${() => this.hub.looks.tryNow(device.id)}>${icon("restart")}${t("Try now")}</button>`;
    }
    if (!this.hub.administrator || this.panel || phase !== "wrong-password") return nothing;
    return html`<a class="button" slot="way-out" href=${href({ screen: "edit", id: device.id })}>${icon("key")}${t("Give another password")}</a>`;
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

  async #openWindow(): Promise<void> {
    try {
      await this.#window.toggle();
    } catch {
      this.notice = t("This browser gives the picture no window of its own now.");
    }
  }

  /** To the camera after this one, or before it. */
  #step(by: 1 | -1): boolean {
    const cameras = this.hub.devices.filter((device) => !isRoom(device));
    const next = neighbour(cameras, { id: this.camera, by });
    if (next) location.hash = href({ screen: "camera", id: next.id });
    return next !== undefined;
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
    this.notice = t("Snapshot saved");
  }

  #onKey(action: KeyAction): boolean | undefined {
    switch (action.action) {
      case "select": {
        const device = onWall(this.hub.devices)[action.index];
        if (device) location.hash = href({ screen: "camera", id: device.id });
        return device !== undefined;
      }
      case "step":
        return this.#zoom.step(action.by, 0) || this.#step(action.by);
      case "lift":
        return this.#zoom.step(0, action.by);
      case "zoom":
        if (action.factor === 0) this.#zoom.reset();
        else this.#zoom.by(action.factor);
        return true;
      case "full-screen":
        this.#fullScreen();
        return true;
      case "mute":
        this.#toggleSound();
        return true;
      case "back":
        if (document.fullscreenElement) return false;
        if (this.#zoom.scale > 1) {
          this.#zoom.reset();
          return true;
        }
        location.hash = "#/wall";
        return true;
      default:
        return false;
    }
  }
}

customElements.define("dw-camera", DwCamera);
