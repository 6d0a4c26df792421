import { html, nothing, type TemplateResult } from "lit";
import { Hub } from "../app/hub.ts";
import { MissedCalls } from "../app/missed-calls.ts";
import { t, tn } from "../language/t.ts";
import { at } from "../net/at.ts";
import { faultBanner, faultStyles } from "../parts/fault-banner.ts";
import { HubElement } from "../parts/hub-element.ts";
import { type IconName, icon } from "../parts/icons.ts";
import { Keys } from "../parts/keys.ts";
import { may } from "../parts/may.ts";
import { base, buttons } from "../parts/styles.ts";
import { mayMakeSound } from "../parts/tones.ts";
import { sayRing } from "../pure/ring-words.ts";
import { isRoom } from "../pure/rooms.ts";
import { href, invitationIn, isPanel, parseRoute, type Route, stationIn } from "../pure/route.ts";
import { titleOf } from "../pure/title.ts";
import "./dw-add.ts";
import "./dw-camera.ts";
import "./dw-devices.ts";
import "./dw-events.ts";
import "./dw-help.ts";
import "./dw-login.ts";
import "./dw-panel.ts";
import "./dw-people.ts";
import "./dw-room.ts";
import "./dw-settings.ts";
import "./dw-setup.ts";
import "./dw-station.ts";
import "./dw-wall.ts";
import "../parts/dw-muted-bells.ts";
import { appStyles } from "./app-styles.ts";

const places: readonly {
  readonly screen: "wall" | "devices" | "people" | "events" | "calls" | "settings" | "help";
  readonly label: string;
  readonly icon: IconName;
  readonly administrators?: true;
}[] = [
  { screen: "wall", label: t("House"), icon: "wall" },
  { screen: "devices", label: t("Devices"), icon: "devices" },
  { screen: "calls", label: t("Calls"), icon: "phone" },
  { screen: "people", label: t("People"), icon: "people", administrators: true },
  { screen: "events", label: t("Events"), icon: "events", administrators: true },
  { screen: "settings", label: t("Settings"), icon: "cog" },
  { screen: "help", label: t("Help"), icon: "help" },
];

/** The page: who is there, where they are, and the way to everywhere else. */
export class DwApp extends HubElement {
  static override properties = {
    ...HubElement.properties,
    route: { state: true },
    menu: { state: true },
    calling: { state: true },
    invitation: { state: true },
  };
  static override styles = [base, buttons, appStyles, faultStyles];
  declare route: Route;
  declare menu: boolean;
  /** Id of a call that is to be answered: its notification said so. */
  declare calling: string;
  /** What stood behind `#invite=` when the page was opened. */
  declare invitation: string;
  readonly #missed: MissedCalls;

  constructor() {
    super();
    this.hub = new Hub();
    this.menu = false;
    this.#missed = new MissedCalls(this.hub);
    this.calling = answeringIn(location.hash);
    this.invitation = takeInvitation();
    this.route = parseRoute(location.pathname, location.hash);
    new Keys(this, (action) => {
      if (action.action === "help") location.hash = href({ screen: "help" });
      return action.action === "help";
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("hashchange", this.#onHash);
    window.addEventListener("pageshow", onPageShow);
    // A browser lets a page ring only when somebody has touched it before.
    window.addEventListener("pointerdown", () => void mayMakeSound(), { once: true, capture: true });
    if (!this.station) void this.hub.start();
    this.#loadCalls();
  }

  /** The device that this page is. */
  get station(): string {
    return stationIn(location);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("hashchange", this.#onHash);
    window.removeEventListener("pageshow", onPageShow);
  }

  protected override updated(): void {
    // Calls have their own part of the page, which comes when the house is seen: before the first ring, and not before the house.
    if (this.hub.known) void import("../calls/dw-calling.ts");
    document.title = titleOf(this.route, (id) => this.hub.device(id)?.name);
    this.dataset.screen = this.route.screen;
  }

  protected override render() {
    const { session, problem } = this.hub;
    if (this.station) {
      return html`<main class="whole"><dw-station .hub=${this.hub} .device=${this.station}></dw-station></main><dw-calling whole .hub=${this.hub}></dw-calling>`;
    }
    if (!session) {
      return problem
        ? html`<main class="alone"><h1>${t("The hub does not answer")}</h1><p class="muted">${problem}</p><button @click=${() => this.hub.start()}>${icon("restart")}${t("Try again")}</button></main>`
        : nothing;
    }
    if (session.panel && !isPanel(location.pathname)) {
      location.replace(at("/panel"));
      return nothing;
    }
    if (this.invitation && !session.setupNeeded)
      return html`<dw-invited .hub=${this.hub} .invitation=${this.invitation} @dw-done=${() => {
        this.invitation = "";
      }}></dw-invited>`;
    if (session.setupNeeded) return html`<dw-setup .hub=${this.hub} @dw-done=${this.#onSetUp}></dw-setup>`;
    if (!session.user) return html`<dw-login .hub=${this.hub}></dw-login>`;
    if (isPanel(location.pathname))
      return html`<main class="whole">${this.route.screen === "panel" || this.route.screen === "call" ? html`<dw-panel .hub=${this.hub}></dw-panel>` : this.#renderScreen()}</main><dw-calling whole .hub=${this.hub}></dw-calling>`;
    return html`
      ${this.#renderTop()}
      <nav class=${this.menu ? "open" : ""} aria-label=${t("Main")}>${this.#renderPlaces()}</nav>
      <div class="rest">
        ${this.#renderBanner()} <dw-muted-bells .hub=${this.hub}></dw-muted-bells> ${this.#renderFaults()} ${this.#renderRings()}
        <main id="main" tabindex=${this.route.screen === "help" ? "0" : "-1"}>${this.#renderScreen()}</main>
      </div>
      <dw-calling ?whole=${this.route.screen === "call"} .answering=${this.calling} .hub=${this.hub}></dw-calling>
    `;
  }

  #renderTop() {
    return html`<section class="top" aria-label="Doorward">
      <button class="skip" @click=${this.#skip}>${t("To the content")}</button>
      <a href="#/wall" class="sign"><img src=${at("/icon.svg")} alt="" width="28" height="28" /><span>Doorward</span></a>
      <button class="ghost icon" aria-label=${t("Menu")} aria-expanded=${this.menu} @click=${() => {
        this.menu = !this.menu;
      }}>${icon(this.menu ? "close" : "menu")}</button>
    </section>`;
  }

  #renderPlaces() {
    const here =
      this.route.screen === "camera" || this.route.screen === "room"
        ? "wall"
        : this.route.screen === "add" || this.route.screen === "edit"
          ? "devices"
          : this.route.screen === "call"
            ? "calls"
            : this.route.screen;
    return places
      .filter(({ administrators }) => !administrators || this.hub.administrator)
      .map(
        ({ screen, label, icon: name }) =>
          html`<a href=${href({ screen })} aria-current=${here === screen ? "page" : "false"}>${icon(name)}<span>${label}</span>${screen === "devices" ? this.#renderCount() : screen === "calls" ? this.#renderMissed() : nothing}</a>`,
      );
  }

  #renderCount() {
    const { length } = this.hub.waiting;
    const words = tn(length, "{count} device waits to be let in", "{count} devices wait to be let in");
    return length > 0 ? html`<span class="count" title=${words} aria-label=${words}>${length}</span>` : nothing;
  }

  #renderMissed() {
    const { count } = this.#missed;
    const words = tn(count, "{count} missed call", "{count} missed calls");
    return count > 0 ? html`<span class="count" title=${words} aria-label=${words}>${count}</span>` : nothing;
  }

  #renderBanner() {
    const { connected, session, outdated } = this.hub;
    if (!connected)
      return html`<p class="banner" role="status">${icon("warn")}<span>${t("The hub does not answer; trying again.")}</span></p>`;
    if (outdated)
      return html`<p class="banner" role="status">${icon("restart")}<span>${t("The hub was updated.")}</span><button @click=${() => location.reload()}>${t("Load its new page")}</button></p>`;
    if (session && !session.secure && session.httpsUrl && !window.isSecureContext) {
      return html`<p class="banner">${icon("lock")}<span>${t("This page is not encrypted, so you cannot talk.")} <a href=${session.httpsUrl}>${t("Open the secure page")}</a>.</span></p>`;
    }
    return nothing;
  }

  #renderFaults() {
    return this.hub.faults.map(faultBanner);
  }

  /** Somebody rings where this person sees: who and where, as long as it rings. */
  #renderRings() {
    const nameOf = (id: string) => this.hub.device(id)?.name ?? id;
    return this.hub.rings.map(
      (ring) => html`<p class="banner" role="status">${icon("bellRing")}<span>${sayRing(ring, nameOf)}</span></p>`,
    );
  }

  #renderScreen(): TemplateResult {
    const { hub, route } = this;
    if (hub.known && !this.#mayBeHere())
      return html`<div class="alone"><h1>${t("Not for you to see")}</h1><p class="muted">${t("This is for those who set up the hub. An administrator can give you the right.")}</p><a class="button" href="#/wall">${icon("wall")}${t("To the house")}</a></div>`;
    switch (route.screen) {
      case "room":
        return html`<dw-room .hub=${hub} .room=${route.id}></dw-room>`;
      case "camera":
        return isShownAsRoom(hub, route.id)
          ? html`<dw-room .hub=${hub} .room=${route.id}></dw-room>`
          : html`<dw-camera ?panel=${isPanel(location.pathname)} .hub=${hub} .camera=${route.id}></dw-camera>`;
      case "edit":
        return html`<dw-add .hub=${hub} .device=${route.id}></dw-add>`;
      case "add":
        return html`<dw-add .hub=${hub}></dw-add>`;
      case "devices":
        return html`<dw-devices .hub=${hub}></dw-devices>`;
      case "people":
        return html`<dw-people .hub=${hub}></dw-people>`;
      case "calls":
        return html`<dw-calls .hub=${hub} @dw-seen=${() => this.#missed.seen()}></dw-calls>`;
      case "call":
        return html`<dw-calls .hub=${hub} .only=${route.id}></dw-calls>`;
      case "events":
        return html`<dw-events .hub=${hub}></dw-events>`;
      case "settings":
        return html`<dw-settings .hub=${hub}></dw-settings>`;
      case "help":
        return html`<dw-help></dw-help>`;
      default:
        return html`<dw-wall .hub=${hub}></dw-wall>`;
    }
  }

  /** Nobody is shown a form that they may not send. */
  #mayBeHere(): boolean {
    const { hub, route } = this;
    if (route.screen === "edit") return hub.administrator || may(hub.device(route.id), "administer");
    return hub.administrator || (route.screen !== "people" && route.screen !== "events" && route.screen !== "add");
  }

  #onHash = (): void => {
    this.invitation = takeInvitation() || this.invitation;
    this.menu = false;
    this.calling = answeringIn(location.hash);
    this.route = parseRoute(location.pathname, location.hash);
    this.#loadCalls();
    void this.updateComplete.then(() => this.renderRoot.querySelector("main")?.focus({ preventScroll: true }));
  };

  /** The history is loaded when it is looked at. */
  #loadCalls(): void {
    if (this.route.screen === "calls" || this.route.screen === "call") void import("../calls/dw-calls.ts");
  }

  #skip(): void {
    this.renderRoot.querySelector("main")?.focus();
  }

  async #onSetUp(): Promise<void> {
    location.hash = "#/wall";
    await this.hub.start();
  }
}

/** A page that the browser kept from before may know of rights that are no more. */
function onPageShow({ persisted }: PageTransitionEvent): void {
  if (persisted) location.reload();
}

/** The invitation that the address says, which then stands neither there nor in the browser's history. */
function takeInvitation(): string {
  const invitation = invitationIn(location.hash);
  if (!invitation) return "";
  history.replaceState(history.state, "", location.pathname + location.search);
  void import("../people/dw-invited.ts");
  return invitation;
}

/** The call that the address says is to be answered: `#/call/<id>?answer`. */
function answeringIn(hash: string): string {
  const route = parseRoute("/", hash);
  return route.screen === "call" && hash.endsWith("?answer") ? route.id : "";
}

/** A device without a picture has another page, whichever way one comes to it. */
function isShownAsRoom(hub: Hub, id: string): boolean {
  const device = hub.device(id);
  return device !== undefined && isRoom(device);
}

customElements.define("dw-app", DwApp);
