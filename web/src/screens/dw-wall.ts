import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { ChannelId, PageDevice } from "../api.ts";
import { readPreferences } from "../app/preferences.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { Keys, toggleFullScreen } from "../parts/keys.ts";
import { canTalk, may } from "../parts/may.ts";
import { Seconds } from "../parts/seconds.ts";
import { base, buttons } from "../parts/styles.ts";
import type { DwPlayer } from "../player/dw-player.ts";
import { type KeyAction, talkKey } from "../pure/keys.ts";
import { columnsFor, tileWidth } from "../pure/layout.ts";
import { isRoom, onWall } from "../pure/rooms.ts";
import { href } from "../pure/route.ts";
import { sayRoom } from "../pure/station-words.ts";
import { type Target, targetChoices, targetOf } from "../pure/target.ts";
import { timer } from "../pure/words.ts";
import { wallStyles } from "./wall-styles.ts";
import "../player/dw-player.ts";
import type { DwTalk } from "../talk/dw-talk.ts";
import "../talk/dw-talk.ts";
import "./dw-room-controls.ts";
import "./dw-talks.ts";
import "./dw-tell.ts";

const gapPx = 4;

/** All cameras and rooms at once, and one bar to talk to the chosen ones. */
export class DwWall extends HubElement {
  static override properties = {
    ...HubElement.properties,
    chosen: { state: true },
    to: { state: true },
    several: { state: true },
    panel: { type: Boolean, reflect: true },
    sheet: { state: true },
    menu: { state: true },
  };
  static override styles = [base, buttons, wallStyles];

  declare chosen: string;
  /** What was chosen to speak to; empty: the chosen camera, or the first that can be spoken through. */
  declare to: readonly ChannelId[];
  /** The list from which several devices are chosen is shown. */
  declare several: boolean;
  declare panel: boolean;
  /** The dialog that the bar opened. */
  declare sheet: "tell" | "talks" | "";
  /** The room whose menu is open. */
  declare menu: string;
  readonly #seconds = new Seconds(this);
  #holding = false;
  #size = new ResizeObserver(() => this.#arrange());

  constructor() {
    super();
    this.chosen = "";
    this.to = [];
    this.several = false;
    this.panel = false;
    this.sheet = "";
    this.menu = "";
    new Keys(this, (action) => this.#onKey(action));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#size.disconnect();
  }

  protected override updated(): void {
    const tiles = this.#tiles;
    if (tiles) this.#size.observe(tiles);
    this.#arrange();
  }

  protected override render() {
    const { devices, known } = this.hub;
    if (known && devices.length === 0) return this.#renderEmpty();
    const target = this.#target;
    const cameras = devices.filter((device) => !isRoom(device));
    const rooms = devices.filter(isRoom);
    return html`
      <h1 class="unseen">The house</h1>
      ${
        cameras.length > 0
          ? html`<ul class="tiles" aria-label="Cameras">${repeat(
              cameras,
              ({ id }) => id,
              (device, index) => this.#renderTile(device, index),
            )}</ul>`
          : nothing
      }
      ${
        rooms.length > 0
          ? html`<ul class="rooms ${cameras.length > 0 ? "" : "only"}" aria-label="Rooms">${repeat(
              rooms,
              ({ id }) => id,
              (device) => this.#renderRoom(device),
            )}</ul>`
          : nothing
      }
      ${this.#renderWaiting()} ${target ? this.#renderBar(target) : nothing} ${this.#renderDialog(target)}
    `;
  }

  #renderDialog(target: Target | undefined) {
    const menu = this.hub.device(this.menu);
    const close = () => {
      this.sheet = "";
      this.menu = "";
    };
    if (menu)
      return html`<dw-room-controls dialog .hub=${this.hub} .device=${menu} @dw-closed=${close}></dw-room-controls>`;
    if (this.sheet === "tell" && target)
      return html`<dw-tell .hub=${this.hub} .target=${target} @dw-closed=${close}></dw-tell>`;
    return this.sheet === "talks" ? html`<dw-talks dialog .hub=${this.hub} @dw-closed=${close}></dw-talks>` : nothing;
  }

  /** A device without a picture: who it is, whether it hears, and a button to hold. */
  #renderRoom(device: PageDevice) {
    const { id, name, area, speaker } = device;
    const { nowMs } = this.#seconds;
    const { tone, text } = sayRoom(device, nowMs);
    const holder = speaker?.holder;
    const meant = this.#target?.devices.some((one) => one.id === id) ?? false;
    const mark = holder ? "sound" : speaker?.doNotDisturb ? "moon" : speaker?.muted ? "soundOff" : undefined;
    return html`<li class="room ${meant ? "meant" : ""}" data-id=${id} data-tone=${tone}>
      <a href=${href({ screen: "room", id })}>
        <strong>${name}</strong>
        <span class="said">
          ${mark ? icon(mark) : nothing}<span class="text">${holder && holder.name === this.#own ? "you are speaking" : text}</span>
          ${holder ? html`<span class="for">${timer(nowMs - holder.sinceMs)}</span>` : area ? html`<span class="area">${area}</span>` : nothing}
        </span>
      </a>
      <button class="more" aria-label=${`More about ${name}`} title="Loudness, mute, do not disturb" @click=${() => {
        this.menu = id;
      }}>${icon("dots")}</button>
      ${
        may(device, "talk") && tone !== "speaking" && speaker
          ? html`<button class="ptt" aria-label=${`Hold to talk to ${name}`} title="Hold to talk"
              @pointerdown=${(event: PointerEvent) => this.#onHold(event, id)}
              @pointerup=${this.#onLetGo} @pointercancel=${this.#onLetGo} @lostpointercapture=${this.#onLetGo}
              @contextmenu=${(event: Event) => event.preventDefault()}
              @keydown=${(event: KeyboardEvent) => this.#onHoldKey(event, id)} @keyup=${this.#onLetGo}
              @click=${(event: MouseEvent) => this.#onPick(event, id)}>${icon("mic")}</button>`
          : nothing
      }
    </li>`;
  }

  /** Speaks to this room with the bar, for as long as its tile is held. */
  async #hold(id: string): Promise<void> {
    this.#holding = true;
    this.#choose(id);
    await this.updateComplete;
    await this.#talk?.updateComplete;
    if (this.#holding) this.#talk?.hold();
  }

  #onHold(event: PointerEvent, id: string): void {
    if (event.button !== 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    void this.#hold(id);
  }

  #onHoldKey(event: KeyboardEvent, id: string): void {
    if (event.key !== talkKey.key) return;
    event.preventDefault();
    if (!event.repeat) void this.#hold(id);
  }

  #onLetGo = (): void => {
    if (!this.#holding) return;
    this.#holding = false;
    this.#talk?.letGo();
  };

  /** A click that no pointer made cannot hold: it chooses the room, and leads to the bar. */
  #onPick(event: MouseEvent, id: string): void {
    if (event.detail > 0) return;
    this.#choose(id);
    this.#talk?.focus();
  }

  get #talk(): DwTalk | null {
    return this.renderRoot.querySelector("dw-talk");
  }

  /** What talks of this page's are called. */
  get #own(): string | undefined {
    return this.hub.session?.user?.name;
  }

  /** A quiet line for whoever may let devices in; a wall tablet shows none. */
  #renderWaiting() {
    const { waiting } = this.hub;
    const [first] = waiting;
    if (!first || this.panel) return nothing;
    const who = waiting.length === 1 ? `${first.id} waits` : `${waiting.length} devices wait`;
    return html`<a class="waits" href=${href({ screen: "devices" })}>${icon("door")}${who} to be let in</a>`;
  }

  #renderTile(device: PageDevice, index: number) {
    const { id, name, speaker } = device;
    const holder = speaker?.holder;
    const marks = `tile ${id === this.chosen ? "chosen" : ""} ${holder ? "speaking" : ""}`;
    return html`<li class=${marks} data-id=${id}>
      <dw-player src="/whep/${encodeURIComponent(id)}" label=${name} fit="cover" muted .looks=${this.hub.looks} .device=${device}></dw-player>
      <a href=${href({ screen: "camera", id })} aria-label=${`Open ${name}`} title=${index < 9 ? `Open ${name} (key ${index + 1} chooses it)` : `Open ${name}`}></a>
      ${holder ? html`<span class="who">${holder.name === this.#own ? "You are" : `${holder.name} is`} speaking</span>` : nothing}
      <div class="tools">
        ${canTalk(device) && !this.#target?.devices.some((meant) => meant.id === id) ? html`<button @click=${() => this.#choose(id)}>${icon("mic")}Talk here</button>` : nothing}
        <button @click=${(event: Event) => toggleFullScreen((event.currentTarget as Element).closest(".tile") as Element)}>${icon("full")}Full screen</button>
      </div>
    </li>`;
  }

  #renderBar(target: Target) {
    const choices = targetChoices(this.#house);
    const [mute] = target.devices.filter((device) => !canTalk(device));
    const one = !this.several && target.to.length === 1 ? target.to[0] : undefined;
    const options = (kind: string, label: string) => {
      const some = choices.filter((choice) => choice.kind === kind);
      if (some.length === 0) return nothing;
      return html`<optgroup label=${label}>${some.map(({ to, name }) => html`<option value=${to} ?selected=${to === one}>${name}</option>`)}</optgroup>`;
    };
    return html`<div class="bar">
      <div class="whom">
        <label class="target">
          <span>Talk to</span>
          <select @change=${this.#onTarget}>
            ${options("all", "All")} ${options("area", "Areas")} ${options("group", "Groups")} ${options("device", "Devices")}
            ${mute ? html`<option selected disabled>${mute.name}</option>` : nothing}
            ${choices.length > 2 ? html`<option value="several" ?selected=${one === undefined}>${one === undefined ? target.name : "Several…"}</option>` : nothing}
          </select>
        </label>
        <button class="tool" aria-label="Ring or announce" title="Ring, announce a text, play a chime" @click=${() => {
          this.sheet = "tell";
        }}>${icon("bellRing")}</button>
        <button class="tool" aria-label="Last talks" title="Last talks" @click=${() => {
          this.sheet = "talks";
        }}>${icon("history")}</button>
      </div>
      <dw-talk hotkey ?large=${this.panel} .line=${this.hub} .session=${this.hub.session} .target=${target} @dw-talking=${this.#onTalking} @dw-said=${this.hub.onSaid}></dw-talk>
      ${this.several ? this.#renderSeveral(target) : nothing}
    </div>`;
  }

  #renderSeveral(target: Target) {
    return html`<fieldset class="several">
      <legend>Talk to several</legend>
      ${this.#house.devices.map(
        ({ id, name }) =>
          html`<label><input type="checkbox" .checked=${target.devices.some((device) => device.id === id)} @change=${(event: Event) => this.#toggle(id, (event.target as HTMLInputElement).checked)} />${name}</label>`,
      )}
      <button class="ghost" @click=${() => {
        this.several = false;
      }}>${icon("check")}Done</button>
    </fieldset>`;
  }

  #renderEmpty() {
    return html`<div class="empty">
      ${this.#renderWaiting()} ${icon("devices")}
      <h1>No cameras yet</h1>
      ${
        this.hub.administrator
          ? html`<p>Paste a camera's address and watch it here a moment later. No camera at hand? Start the hub with <code>doorward demo</code> for a few that are only pretended.</p>
              <a class="button primary" href="#/add">${icon("plus")}Add a device</a>`
          : html`<p>Nobody has given you a camera to look at. An administrator can do so under People.</p>`
      }
    </div>`;
  }

  get #house() {
    return { devices: this.hub.devices.filter(canTalk), groups: this.hub.groups };
  }

  /** Whom the talk bar speaks to: what was chosen, else the first camera that is ready to be spoken through. */
  get #target(): Target | undefined {
    const house = this.#house;
    const chosen = this.to.length > 0 ? targetOf(this.to, house) : undefined;
    if (chosen && (chosen.devices.length > 0 || this.several)) return chosen;
    const free = ({ speaker, state }: PageDevice) => state.phase === "live" && !speaker?.doNotDisturb;
    const { devices } = house;
    // Who was chosen is spoken to or nobody is: another one only while there is no choice.
    const own = this.hub.device(this.chosen);
    const device = own ?? devices.find(free) ?? devices[0];
    return device && targetOf([`device:${device.id}`], { ...house, devices: [...new Set([...devices, device])] });
  }

  #onTarget(event: Event): void {
    const { value } = event.target as HTMLSelectElement;
    if (value === "several") {
      this.to = this.#target?.devices.map(({ id }): ChannelId => `device:${id}`) ?? [];
      this.several = true;
      return;
    }
    this.several = false;
    if (value.startsWith("device:")) this.#choose(value.slice("device:".length));
    else this.to = [value as ChannelId];
  }

  #toggle(id: string, on: boolean): void {
    const others = this.to.filter((channel) => channel !== `device:${id}`);
    this.to = on ? [...others, `device:${id}`] : others;
  }

  /** Cameras that hear their own speaker are played softly while one talks through them. */
  #onTalking(event: CustomEvent<boolean>): void {
    const soft = event.detail && readPreferences().duck;
    for (const { id, speaker } of this.hub.devices) {
      const meant = this.#target?.devices.some((device) => device.id === id) ?? false;
      const player = this.#player(id);
      if (player) player.ducked = soft && meant && speaker?.echoCancelling === false;
    }
  }

  get #tiles(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(".tiles");
  }

  #tile(id: string | undefined): HTMLElement | undefined {
    return [...this.renderRoot.querySelectorAll<HTMLElement>("li")].find((each) => each.dataset.id === id);
  }

  #player(id: string | undefined): DwPlayer | undefined {
    return this.#tile(id)?.querySelector("dw-player") ?? undefined;
  }

  #choose(id: string): void {
    this.chosen = id;
    this.to = [];
    this.several = false;
  }

  #arrange(): void {
    const tiles = this.#tiles;
    if (!tiles) return;
    const area = { widthPx: tiles.clientWidth - 2 * gapPx, heightPx: tiles.clientHeight - 2 * gapPx, gapPx };
    const count = tiles.childElementCount;
    const columns = columnsFor(count, area);
    tiles.style.setProperty("--columns", String(columns));
    tiles.style.setProperty("--tile", `${tileWidth(count, columns, area)}px`);
  }

  #onKey(action: KeyAction): boolean | undefined {
    if (action.action === "select") {
      const device = onWall(this.hub.devices)[action.index];
      if (!device) return false;
      this.#choose(device.id);
      this.#tile(device.id)?.scrollIntoView({ block: "nearest" });
      return true;
    }
    if (action.action === "open" && this.chosen) {
      location.hash = href({ screen: "camera", id: this.chosen });
      return true;
    }
    if (action.action === "full-screen") {
      toggleFullScreen(this.#player(this.chosen)?.closest(".tile") ?? this);
      return true;
    }
    if (action.action === "back" && this.chosen) {
      this.chosen = "";
      return true;
    }
    return false;
  }
}

customElements.define("dw-wall", DwWall);
