import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { type ChannelId, type PageDevice, sentence, type WallLayout } from "../api.ts";
import { readPreferences } from "../app/preferences.ts";
import { t } from "../language/t.ts";
import { HubElement } from "../parts/hub-element.ts";
import { Keys, toggleFullScreen } from "../parts/keys.ts";
import { canTalk, isAudible } from "../parts/may.ts";
import { Seconds } from "../parts/seconds.ts";
import { base, buttons } from "../parts/styles.ts";
import type { DwPlayer } from "../player/dw-player.ts";
import { type KeyAction, talkKey } from "../pure/keys.ts";
import { together, underHeadings } from "../pure/layout.ts";
import { isRoom, onWall } from "../pure/rooms.ts";
import { href } from "../pure/route.ts";
import { spokenTo, type Target } from "../pure/target.ts";
import { isSearched, matching, showsHeadings, wallSections } from "../pure/wall-order.ts";
import { Arranging } from "../wall/arranging.ts";
import { barStyles } from "../wall/bar-styles.ts";
import { type CameraTile, cameraTile } from "../wall/camera-tile.ts";
import { emptyWall, waitingLine } from "../wall/empty-wall.ts";
import { roomStyles } from "../wall/room-styles.ts";
import { type RoomTile, roomTile } from "../wall/room-tile.ts";
import { talkBar } from "../wall/talk-bar.ts";
import { tileStyles } from "../wall/tile-styles.ts";
import { wallStyles } from "../wall/wall-styles.ts";
import "../player/dw-player.ts";
import type { DwTalk } from "../talk/dw-talk.ts";
import "../talk/dw-talk.ts";
import "./dw-room-controls.ts";
import "./dw-talks.ts";
import "./dw-tell.ts";
import "../wall/dw-wall-tools.ts";

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
    search: { state: true },
    listening: { state: true },
    notice: { state: true },
    moved: { state: true },
  };
  static override styles = [base, buttons, wallStyles, tileStyles, roomStyles, barStyles];

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
  /** What is looked for by name or area. */
  declare search: string;
  /** The camera that is heard; empty: none. */
  declare listening: string;
  /** What was not kept, as a sentence. */
  declare notice: string;
  /** The last move, for screen readers. */
  declare moved: string;
  readonly #seconds = new Seconds(this);
  readonly #arranging = new Arranging(this, {
    cameras: () => this.#cameras,
    say: (sentence) => {
      this.notice = "";
      this.moved = sentence;
    },
    onFault: (error) => {
      this.notice = sentence(error);
    },
  });
  #holding = false;
  #size = new ResizeObserver(() => this.#fit());

  constructor() {
    super();
    this.chosen = "";
    this.to = [];
    this.several = false;
    this.panel = false;
    this.sheet = "";
    this.menu = "";
    this.search = "";
    this.listening = "";
    this.notice = "";
    this.moved = "";
    new Keys(this, (action) => this.#onKey(action));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#size.disconnect();
  }

  protected override updated(): void {
    const list = this.#list;
    if (list) this.#size.observe(list);
    this.#fit();
  }

  protected override render() {
    const { devices, known } = this.hub;
    if (known && devices.length === 0) return emptyWall(this.hub.administrator, this.#renderWaiting());
    const target = this.#target;
    const cameras = this.#cameras;
    const rooms = devices.filter(isRoom);
    return html`
      <h1 class="unseen">${t("The house")}</h1>
      ${cameras.length > 0 ? this.#renderCameras(cameras) : nothing}
      ${
        rooms.length > 0
          ? html`<ul class="rooms ${cameras.length > 0 ? "" : "only"}" aria-label=${t("Rooms")}>${repeat(
              rooms,
              ({ id }) => id,
              (device) => roomTile(this.#roomOf(device)),
            )}</ul>`
          : nothing
      }
      ${this.#renderWaiting()} ${target ? this.#renderBar(target) : nothing} ${this.#renderDialog(target)}
      <p class=${this.notice === "" ? "unseen" : "notice"} role="status">${this.notice === "" ? this.moved : this.notice}</p>
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

  /** A wall tablet shows none. */
  #renderWaiting() {
    return this.panel ? nothing : waitingLine(this.hub.waiting);
  }

  /** The cameras under their headings, and what is above them. */
  #renderCameras(cameras: readonly PageDevice[]) {
    const { wall } = this.hub;
    const arranging = this.#arranging.active;
    const found = isSearched(cameras.length) && !arranging ? matching(cameras, this.search) : cameras;
    const headings = showsHeadings(cameras.length, wall) ? "on" : "off";
    const sections = wallSections(this.#arranging.inDocument(found), { ...wall, headings });
    return html`
      ${this.#renderTools(cameras.length, found.length)}
      <div class="cameras ${headings === "on" ? "headed" : ""}" tabindex=${headings === "on" ? "0" : nothing} role="group" aria-label=${t("Cameras")}>
        ${found.length === 0 ? html`<p class="none">${t("No camera is called like that.")}</p>` : nothing}
        ${repeat(
          sections,
          ({ key }) => key,
          ({ heading, devices }) => html`
            ${heading === undefined ? nothing : html`<h2>${heading}</h2>`}
            <ul class="tiles" aria-label=${heading ?? t("Cameras")}>${repeat(
              devices,
              ({ id }) => id,
              (device) => cameraTile(this.#tileOf(device, cameras.indexOf(device))),
            )}</ul>
          `,
        )}
      </div>
    `;
  }

  #renderTools(count: number, found: number) {
    if (this.panel ? !isSearched(count) : count < 2) return nothing;
    return html`<dw-wall-tools
      .count=${count} .found=${found} .search=${this.search} .headings=${this.hub.wall.headings}
      ?fixed=${this.panel} ?arranging=${this.#arranging.active}
      @dw-search=${(event: CustomEvent<string>) => {
        this.search = event.detail;
      }}
      @dw-arrange=${(event: CustomEvent<boolean>) => (event.detail ? this.#arranging.begin() : this.#arranging.end())}
      @dw-headings=${(event: CustomEvent<WallLayout["headings"]>) => this.#arranging.change({ headings: event.detail })}
    ></dw-wall-tools>`;
  }

  #tileOf(device: PageDevice, index: number): CameraTile {
    const { id } = device;
    return {
      device,
      index,
      hub: this.hub,
      arranging: this.#arranging,
      chosen: id === this.chosen,
      heard: id === this.listening,
      isTarget: this.#isMeant(id),
      own: this.#own,
      onChoose: () => this.#choose(id),
      onListen: (on) => this.#listen(on ? id : ""),
    };
  }

  #roomOf(device: PageDevice): RoomTile {
    const { id } = device;
    return {
      device,
      nowMs: this.#seconds.nowMs,
      meant: this.#isMeant(id),
      own: this.#own,
      onMore: () => {
        this.menu = id;
      },
      onHold: (event) => this.#onHold(event, id),
      onHoldKey: (event) => this.#onHoldKey(event, id),
      onLetGo: this.#onLetGo,
      onPick: (event) => this.#onPick(event, id),
    };
  }

  #isMeant(id: string): boolean {
    return this.#target?.devices.some((device) => device.id === id) ?? false;
  }

  /** One camera is heard at a time; with none all are quiet. */
  #listen(id: string): void {
    this.listening = id;
  }

  #renderBar(target: Target) {
    return talkBar({
      hub: this.hub,
      house: this.#house,
      target,
      several: this.several,
      large: this.panel,
      onTarget: (event) => this.#onTarget(event),
      onToggle: (id, on) => this.#toggle(id, on),
      onDone: () => {
        this.several = false;
      },
      onSheet: (sheet) => {
        this.sheet = sheet;
      },
      onTalking: (event) => this.#onTalking(event),
    });
  }

  get #house() {
    return { devices: this.hub.devices.filter(canTalk), groups: this.hub.groups };
  }

  /** Whom the talk bar speaks to: what was chosen, else the first camera that is ready to be spoken through. */
  get #target(): Target | undefined {
    const { to, several } = this;
    return spokenTo(this.#house, { to, several, chosen: this.hub.device(this.chosen) });
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
      const meant = this.#isMeant(id);
      const player = this.#player(id);
      if (player) player.ducked = soft && meant && speaker?.echoCancelling === false;
    }
  }

  get #cameras(): readonly PageDevice[] {
    return this.hub.devices.filter((device) => !isRoom(device));
  }

  get #list(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(".cameras");
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

  #fit(): void {
    const list = this.#list;
    if (!list) return;
    const place = { widthPx: list.clientWidth - 2 * gapPx, heightPx: list.clientHeight - 2 * gapPx, gapPx };
    const count = list.querySelectorAll(".tile").length;
    const { columns, tilePx } = list.classList.contains("headed") ? underHeadings(place) : together(count, place);
    list.style.setProperty("--columns", String(columns));
    list.style.setProperty("--tile", `${tilePx}px`);
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
    if (action.action === "mute" && isAudible(this.hub.device(this.chosen || this.listening))) {
      this.#listen(this.listening ? "" : this.chosen);
      return true;
    }
    if (action.action === "back" && this.#arranging.active) {
      this.#arranging.end();
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
