import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { PageDevice } from "../api.ts";
import { readPreferences } from "../app/preferences.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { Keys, toggleFullScreen } from "../parts/keys.ts";
import { canTalk } from "../parts/rights.ts";
import { base, buttons } from "../parts/styles.ts";
import type { DwPlayer } from "../player/dw-player.ts";
import type { KeyAction } from "../pure/keys.ts";
import { columnsFor, tileWidth } from "../pure/layout.ts";
import { href } from "../pure/route.ts";
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
    panel: { type: Boolean, reflect: true },
  };
  static override styles = [base, buttons, wallStyles];

  declare chosen: string;
  declare panel: boolean;
  #size = new ResizeObserver(() => this.#arrange());

  constructor() {
    super();
    this.chosen = "";
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
    const talk = this.renderRoot.querySelector("dw-talk");
    const player = this.#player(this.#target?.id);
    if (talk && talk.player !== player) talk.player = player;
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
      ${target ? this.#renderBar(target) : nothing}
    `;
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
        ${canTalk(device) && id !== this.#target?.id ? html`<button @click=${() => this.#choose(id)}>${icon("mic")}Talk here</button>` : nothing}
        <button @click=${(event: Event) => toggleFullScreen((event.currentTarget as Element).closest(".tile") as Element)}>${icon("full")}Full screen</button>
      </div>
    </li>`;
  }

  #renderSpeaker(device: PageDevice) {
    const said = sayDevice(device, Date.now());
    const state = device.speaker?.doNotDisturb ? "Do not disturb" : said.text;
    return html`<div class="still">${icon("speaker")}<p><strong>${device.name}</strong><span>${state}</span></p></div>`;
  }

  #renderBar(target: PageDevice) {
    const choices = this.hub.devices.filter(canTalk);
    return html`<div class="bar">
      <label class="target">
        <span>Talk to</span>
        <select .value=${target.id} @change=${(event: Event) => this.#choose((event.target as HTMLSelectElement).value)}>
          ${choices.map(({ id, name }) => html`<option value=${id} ?selected=${id === target.id}>${name}</option>`)}
        </select>
      </label>
      <dw-talk hotkey ?large=${this.panel} ?duck=${readPreferences().duck} .line=${this.hub} .session=${this.hub.session} .device=${target}></dw-talk>
    </div>`;
  }

  #renderEmpty() {
    return html`<div class="empty">
      ${icon("devices")}
      <h1>No cameras yet</h1>
      ${
        this.hub.administrator
          ? html`<p>Paste a camera's address and watch it here a moment later. No camera at hand? Start the hub with <code>doorward demo</code> for a few that are only pretended.</p>
              <a class="button primary" href="#/add">${icon("plus")}Add a device</a>`
          : html`<p>Nobody has given you a camera to look at. An administrator can do so under People.</p>`
      }
    </div>`;
  }

  /** Whom the talk bar speaks to: the chosen one, else the first that is ready to be spoken through. */
  get #target(): PageDevice | undefined {
    const speakers = this.hub.devices.filter(canTalk);
    const free = ({ speaker, state }: PageDevice) => state.phase === "live" && !speaker?.doNotDisturb;
    return speakers.find(({ id }) => id === this.chosen) ?? speakers.find(free) ?? speakers[0];
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
