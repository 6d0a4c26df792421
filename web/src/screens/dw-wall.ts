import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { ChannelId, PageDevice } from "../api.ts";
import { readPreferences } from "../app/preferences.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { Keys, toggleFullScreen } from "../parts/keys.ts";
import { canTalk } from "../parts/may.ts";
import { base, buttons } from "../parts/styles.ts";
import type { DwPlayer } from "../player/dw-player.ts";
import type { KeyAction } from "../pure/keys.ts";
import { columnsFor, tileWidth } from "../pure/layout.ts";
import { href } from "../pure/route.ts";
import { type Target, targetChoices, targetOf } from "../pure/target.ts";
import { sayDevice } from "../pure/words.ts";
import { wallStyles } from "./wall-styles.ts";
import "../player/dw-player.ts";
import "../talk/dw-talk.ts";

const gapPx = 4;

/** All cameras at once, and one bar to talk through the chosen one. */
export class DwWall extends HubElement {
  static override properties = {
    ...HubElement.properties,
    chosen: { state: true },
    to: { state: true },
    several: { state: true },
    panel: { type: Boolean, reflect: true },
  };
  static override styles = [base, buttons, wallStyles];

  declare chosen: string;
  /** What was chosen to speak to; empty: the chosen camera, or the first that can be spoken through. */
  declare to: readonly ChannelId[];
  /** The list from which several devices are chosen is shown. */
  declare several: boolean;
  declare panel: boolean;
  #size = new ResizeObserver(() => this.#arrange());

  constructor() {
    super();
    this.chosen = "";
    this.to = [];
    this.several = false;
    this.panel = false;
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
    return html`
      <h1 class="unseen">Cameras</h1>
      <ul class="tiles">
        ${repeat(
          devices,
          ({ id }) => id,
          (device, index) => this.#renderTile(device, index),
        )}
      </ul>
      ${this.#renderWaiting()} ${target ? this.#renderBar(target) : nothing}
    `;
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
      ${
        isSpeakerOnly(device)
          ? this.#renderSpeaker(device)
          : html`<dw-player src="/whep/${encodeURIComponent(id)}" label=${name} fit="cover" muted .device=${device}></dw-player>`
      }
      <a href=${href({ screen: "camera", id })} aria-label=${`Open ${name}`} title=${index < 9 ? `Open ${name} (key ${index + 1} chooses it)` : `Open ${name}`}></a>
      ${holder ? html`<span class="who">${holder.name === this.hub.session?.user?.name ? "You are" : `${holder.name} is`} speaking</span>` : nothing}
      <div class="tools">
        ${canTalk(device) && !this.#target?.devices.some((meant) => meant.id === id) ? html`<button @click=${() => this.#choose(id)}>${icon("mic")}Talk here</button>` : nothing}
        <button @click=${(event: Event) => toggleFullScreen((event.currentTarget as Element).closest(".tile") as Element)}>${icon("full")}Full screen</button>
      </div>
    </li>`;
  }

  #renderSpeaker(device: PageDevice) {
    const said = sayDevice(device, Date.now());
    const state = device.speaker?.doNotDisturb ? "Do not disturb" : said.text;
    return html`<div class="still">${icon("speaker")}<p><strong>${device.name}</strong><span>${state}</span></p></div>`;
  }

  #renderBar(target: Target) {
    const choices = targetChoices(this.#house);
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
            ${choices.length > 2 ? html`<option value="several" ?selected=${one === undefined}>${one === undefined ? target.name : "Several…"}</option>` : nothing}
          </select>
        </label>
      </div>
      <dw-talk hotkey ?large=${this.panel} .line=${this.hub} .session=${this.hub.session} .target=${target} @dw-talking=${this.#onTalking}></dw-talk>
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
    const device = devices.find(({ id }) => id === this.chosen) ?? devices.find(free) ?? devices[0];
    return device && targetOf([`device:${device.id}`], house);
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

  #player(id: string | undefined): DwPlayer | undefined {
    const tile = [...this.renderRoot.querySelectorAll<HTMLElement>(".tile")].find((each) => each.dataset.id === id);
    return tile?.querySelector("dw-player") ?? undefined;
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
    const count = this.hub.devices.length;
    const columns = columnsFor(count, area);
    tiles.style.setProperty("--columns", String(columns));
    tiles.style.setProperty("--tile", `${tileWidth(count, columns, area)}px`);
  }

  #onKey(action: KeyAction): boolean | undefined {
    const { devices } = this.hub;
    if (action.action === "select") {
      const device = devices[action.index];
      if (!device) return false;
      this.#choose(device.id);
      this.#player(device.id)?.scrollIntoView({ block: "nearest" });
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

function isSpeakerOnly(device: PageDevice): boolean {
  return (
    device.speaker !== undefined && device.tracks.length > 0 && device.tracks.every(({ kind }) => kind === "audio")
  );
}

customElements.define("dw-wall", DwWall);
