import { css, html, nothing } from "lit";
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
  static override styles = [
    base,
    buttons,
    css`
      .empty {
        margin: auto;
        padding: 48px 24px;
        text-align: center;
        display: grid;
        gap: 12px;
        justify-items: center;
      }
      .empty p {
        max-width: 46ch;
        color: var(--dw-muted);
      }
      .empty > svg {
        width: 40px;
        height: 40px;
        color: var(--dw-muted);
      }
    `,
    css`
      :host {
        display: flex;
        flex-direction: column;
        height: 100%;
        min-height: 0;
      }
      .tiles {
        flex: 1;
        min-height: 0;
        overflow: auto;
        display: grid;
        grid-template-columns: repeat(var(--columns, 1), minmax(0, var(--tile, 1fr)));
        grid-auto-rows: max-content;
        gap: 4px;
        justify-content: center;
        align-content: safe center;
        padding: 4px;
        margin: 0;
        list-style: none;
      }
      .tile {
        position: relative;
        aspect-ratio: 16 / 9;
        border-radius: var(--dw-radius);
        overflow: hidden;
        background: var(--dw-picture);
      }
      .tile dw-player {
        height: 100%;
      }
      .tile > a {
        position: absolute;
        inset: 0;
        border-radius: var(--dw-radius);
      }
      .tile > a:focus-visible {
        outline-offset: -4px;
        outline-color: #fff;
      }
      .tile.chosen::after {
        content: "";
        position: absolute;
        inset: 0;
        border: 3px solid #8ab6ff;
        border-radius: var(--dw-radius);
        pointer-events: none;
      }
      .tile.speaking::after {
        content: "";
        position: absolute;
        inset: 0;
        border: 3px solid #3ecb82;
        border-radius: var(--dw-radius);
        pointer-events: none;
      }
      .tools {
        position: absolute;
        top: 8px;
        right: 8px;
        display: flex;
        gap: 4px;
        opacity: 0;
        transition: opacity var(--dw-fast);
      }
      .tile:hover .tools,
      .tile:focus-within .tools {
        opacity: 1;
      }
      @media (hover: none) {
        .tools {
          display: none;
        }
      }
      .tools button {
        background: var(--dw-over);
        border-color: var(--dw-over-line);
        color: #fff;
        font-size: var(--dw-13);
        padding: 0 12px;
        min-height: 36px;
      }
      .tools button:hover {
        background: #000;
      }
      .who {
        position: absolute;
        top: 8px;
        left: 8px;
        padding: 4px 10px;
        border-radius: var(--dw-radius);
        background: #0e5c30;
        color: #fff;
        font-size: var(--dw-13);
        font-weight: 600;
        pointer-events: none;
      }
      .still {
        height: 100%;
        display: grid;
        grid-template-rows: 1fr auto;
        place-items: center;
        color: #fff;
      }
      .still svg {
        width: 40px;
        height: 40px;
        color: var(--dw-over-muted);
      }
      .still p {
        display: flex;
        justify-content: space-between;
        align-items: baseline;
        width: 100%;
        padding: 0 12px 8px;
      }
      .still span {
        font-size: var(--dw-13);
        color: var(--dw-over-muted);
      }
      .bar {
        display: flex;
        gap: 8px;
        align-items: stretch;
        padding: 8px 12px calc(12px + env(safe-area-inset-bottom));
        width: 100%;
        max-width: 840px;
        margin: 0 auto;
      }
      :host([panel]) .bar {
        max-width: none;
        border: 0;
        background: none;
      }
      .bar dw-talk {
        flex: 1;
        min-width: 0;
      }
      .target {
        display: grid;
        align-content: center;
        gap: 2px;
        width: 184px;
        padding: 4px 12px;
        border: 1px solid var(--dw-control);
        border-radius: var(--dw-radius);
        background: var(--dw-surface);
      }
      .target:focus-within {
        outline: 2px solid var(--dw-accent);
        outline-offset: 2px;
      }
      .target span {
        font-size: var(--dw-13);
        color: var(--dw-muted);
      }
      select {
        border: 0;
        padding: 2px 0;
        width: 100%;
        background: var(--dw-surface);
        color: var(--dw-text);
        font: inherit;
        font-weight: 600;
        outline: none;
      }
      @media (max-width: 640px) {
        .bar {
          flex-direction: column;
          border-top: 1px solid var(--dw-line);
          background: var(--dw-bg);
        }
        .target {
          width: 100%;
          grid-template-columns: auto 1fr;
          align-items: center;
          gap: 12px;
          min-height: 44px;
        }
        .tiles {
          align-content: start;
        }
      }
    `,
  ];

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
