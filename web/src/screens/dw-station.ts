import { html, nothing } from "lit";
import { actAs, type ChannelId, call, type PageDevice, type Ring, type Session, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { timeOfDay } from "../language/times.ts";
import { at } from "../net/at.ts";
import { watchMicrophone } from "../net/microphone-trouble.ts";
import { Station, type StationState } from "../net/station.ts";
import { Awake } from "../parts/awake.ts";
import type { PasswordQuestion } from "../parts/dw-ask-password.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { canTalk, may } from "../parts/may.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { nameFromId, stationGrants } from "../pure/arrival-words.ts";
import { sayChoice } from "../pure/station-words.ts";
import { type MicrophoneTrouble, microphoneHelp } from "../pure/talk-words.ts";
import { type TargetChoice, targetChoices, targetOf } from "../pure/target.ts";
import { timer } from "../pure/words.ts";
import { stationStyles } from "./station-styles.ts";
import "../calls/dw-call-button.ts";
import "../player/dw-player.ts";
import "../talk/dw-talk.ts";
import "./dw-tell.ts";
import "../parts/dw-ask-password.ts";

const leaving = {
  title: t("Be a station no more?"),
  why: t("This screen then leaves its room: nobody can speak to it until it is made a station again."),
  go: t("Leave"),
  danger: true,
} as const satisfies PasswordQuestion;

/** How long it is shown that somebody rang. */
const ringForMs = 45_000;

/**
 * A tablet or phone as a station of the house: its name, whom to speak to, who speaks, and the cameras where it may show
 * them. It is a device of the hub while this page is open.
 */
export class DwStation extends HubElement {
  static override properties = {
    ...HubElement.properties,
    device: {},
    state: { state: true },
    playable: { state: true },
    settings: { state: true },
    to: { state: true },
    wrong: { state: true },
    session: { state: true },
    wanted: { state: true },
    more: { state: true },
    leaving: { state: true },
    telling: { state: true },
    trouble: { state: true },
    rung: { state: true },
  };
  static override styles = [base, buttons, fields, stationStyles];

  /** Its id. */
  declare device: string;
  declare state: StationState;
  /** Whether the browser lets this page make sound. */
  declare playable: boolean;
  declare settings:
    | { readonly name: string; readonly doNotDisturb: boolean; readonly muted: boolean; readonly volume: number }
    | undefined;
  declare to: ChannelId | "";
  declare wrong: string;
  declare session: Session | undefined;
  /** A phone is a station only if somebody says so. */
  declare wanted: boolean;
  /** The settings are shown. */
  declare more: boolean;
  /** Somebody wants to take it off. */
  declare leaving: boolean;
  /** The dialog to ring and announce is open. */
  declare telling: boolean;
  /** Why this page would get no microphone. */
  declare trouble: MicrophoneTrouble | undefined;
  /** Who rings this room. */
  declare rung: Ring | undefined;
  readonly #awake = new Awake(this);
  #station: Station | undefined;
  #scope: AbortController | undefined;

  constructor() {
    super();
    this.device = "";
    this.state = { state: "asking" };
    this.playable = true;
    this.to = "";
    this.wrong = "";
    this.wanted = false;
    this.more = false;
    this.leaving = false;
    this.telling = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("pointerdown", this.#onTouch, { capture: true });
    window.addEventListener("keydown", this.#onTouch, { capture: true });
    this.addEventListener("dw-no-microphone", this.#onNoMicrophone);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("pointerdown", this.#onTouch, { capture: true });
    window.removeEventListener("keydown", this.#onTouch, { capture: true });
    this.hub.removeEventListener("ring", this.#onRing);
    this.#scope?.abort();
  }

  protected override firstUpdated(): void {
    this.hub.addEventListener("ring", this.#onRing);
    const phone = matchMedia("(max-width: 640px)").matches;
    if (!phone || localStorage.getItem(this.#key) === "yes") this.#begin();
  }

  protected override render() {
    const { dim, nowMs } = this.#awake;
    const now = new Date(nowMs);
    const name = this.settings?.name ?? nameFromId(this.device);
    return html`
      <header>
        <h1>${name}</h1>
        <time>${timeOfDay(now)}</time>
      </header>
      ${this.#renderBody(name)} ${dim && this.state.state === "in" ? html`<div class="night"></div>` : nothing}
    `;
  }

  #renderBody(name: string) {
    const { state } = this;
    if (!this.wanted) return this.#renderConsent(name);
    switch (state.state) {
      case "in":
        return this.#renderStation();
      case "asking":
        return alone(t("Connecting"), t("Asking the hub."));
      case "waiting":
        return this.#renderWaiting(name);
      case "refused":
        return alone(
          t("Not let in"),
          `${state.detail} ${t("An administrator can make a token for it (Devices, Edit), which is opened here once as an address.")}`,
        );
      case "disabled":
        return alone(t("Switched off"), t("An administrator has switched this device off. It comes back by itself."));
      case "elsewhere":
        return html`<div class="alone">${icon("devices")}<h2>${t("{name} is on another page now", { name })}</h2><p>${t("Only one page at a time is this station. Nothing is wrong; this one may be closed.")}</p><button class="primary" @click=${() => this.#station?.again()}>${t("Use this page instead")}</button></div>`;
      case "lost":
        return alone(t("The hub does not answer"), t("Trying again by itself."));
    }
  }

  #renderConsent(name: string) {
    return html`<div class="alone">${icon("speaker")}
      <h2>${t("Use this phone as the station “{name}”?", { name })}</h2>
      <p>${t("While this page is open, whatever is said to “{name}” is played aloud here, and you speak to the others from here.", { name })}</p>
      <button class="primary" @click=${() => {
        localStorage.setItem(this.#key, "yes");
        this.#begin();
      }}>${icon("check")}${t("Use it")}</button>
      <a class="button ghost" href=${at("/")}>${t("Not now")}</a>
    </div>`;
  }

  #renderWaiting(name: string) {
    return html`<div class="alone">${icon("door")}
      <h2>${t("Waiting to be let in")}</h2>
      <p>${t("An administrator finds “{device}” on the hub's page under Devices. This screen goes on by itself.", { device: this.device })}</p>
      ${this.session?.user?.administrator ? this.#renderLetIn(name) : nothing}
    </div>`;
  }

  /** Whoever may do it can do it right here. */
  #renderLetIn(name: string) {
    return html`<form @submit=${this.#letIn} autocomplete="off">
      <p><strong>${t("{name}, you may let it in here.", { name: this.session?.user?.name ?? "" })}</strong></p>
      <label><span>${t("Name")}</span><input name="name" required maxlength="64" .defaultValue=${name} /></label>
      <label><span>${t("Area")}</span><input name="area" maxlength="64" placeholder=${t("none")} /></label>
      <label class="check"><input type="checkbox" name="cameras" /><span>${t("It may show and play the cameras")}</span></label>
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      <button class="primary">${icon("check")}${t("Let it in")}</button>
    </form>`;
  }

  #renderStation() {
    const own = this.hub.device(this.device);
    const house = this.#house;
    const choices = ordered(targetChoices(house));
    const chosen = choices.find(({ to }) => to === this.to) ?? choices[0];
    const cameras = this.hub.devices.filter(
      (device) => device.id !== this.device && may(device, "view") && hasPicture(device),
    );
    return html`
      ${
        this.playable
          ? nothing
          : html`<button class="touch">${icon("sound")}<span><strong>${t("Touch here once")}</strong><span>${t("The browser plays no sound before that; until then nobody is heard here.")}</span></span></button>`
      }
      ${this.hub.outdated ? html`<button class="touch" @click=${() => location.reload()}>${icon("restart")}<span><strong>${t("The hub was updated")}</strong><span>${t("Touch here to load its new page.")}</span></span></button>` : nothing}
      ${this.#renderTrouble()} ${this.#renderRung()} ${this.#renderNow(own, chosen)}
      <div class="middle">
        ${
          choices.length > 0
            ? html`<div class="whom" role="radiogroup" aria-label=${t("Speak to")}>${choices.map((choice) => this.#renderChoice(choice, choice === chosen))}</div>`
            : html`<p class="nobody">${t("There is nobody to speak to yet. Other stations and cameras with a speaker appear here.")}</p>`
        }
        ${cameras.length > 0 ? html`<ul class="cameras">${cameras.map((device) => html`<li><dw-player src="/whep/${encodeURIComponent(device.id)}" label=${device.name} fit="cover" muted .looks=${this.hub.looks} .device=${device}></dw-player></li>`)}</ul>` : nothing}
      </div>
      <footer>
        ${chosen ? html`<dw-talk hotkey large .line=${this.hub} .session=${this.session} .target=${targetOf([chosen.to], house)} @dw-said=${this.hub.onSaid}></dw-talk>` : nothing}
        ${this.more ? this.#renderSettings() : nothing}
      </footer>
      ${this.#renderDialog(chosen)}
    `;
  }

  #renderDialog(chosen: TargetChoice | undefined) {
    const close = () => {
      this.leaving = false;
      this.telling = false;
    };
    const user = this.session?.user;
    const question = user
      ? { ...leaving, why: `${leaving.why} ${t("{name} is signed in here.", { name: user.name })}` }
      : leaving;
    if (this.leaving)
      return html`<dw-ask-password .question=${question} .signedIn=${user !== undefined} @dw-proven=${this.#leave} @dw-closed=${close}></dw-ask-password>`;
    if (!this.telling || !chosen) return nothing;
    return html`<dw-tell .hub=${this.hub} .target=${targetOf([chosen.to], this.#house)} @dw-closed=${close}></dw-tell>`;
  }

  /** Why nobody can be spoken to from here, with what to do. */
  #renderTrouble() {
    const { trouble } = this;
    if (!trouble) return nothing;
    const why = {
      insecure: t("This page is not encrypted"),
      blocked: t("The microphone is blocked"),
      none: t("There is no microphone"),
      busy: t("The microphone is in use"),
      lost: t("The microphone is gone"),
    }[trouble];
    return html`<div class="note">${icon("micOff")}<span><strong>${t("{why}: this screen only listens.", { why })}</strong> ${microphoneHelp(trouble, navigator.userAgent)}
      ${trouble === "insecure" && this.session?.httpsUrl ? html`<a href=${this.session.httpsUrl}>${t("Open the secure page")}</a>` : nothing}</span></div>`;
  }

  /** Somebody rings: who, and the two things one may do. */
  #renderRung() {
    const { rung } = this;
    if (!rung) return nothing;
    const answer = this.#callerOf(rung);
    return html`<div class="rung" role="alert">
      ${icon("bellRing")}<p><strong>${t("{caller} is calling", { caller: rung.caller })}</strong>${answer ? html`<span>${t("Hold the button below to answer.")}</span>` : nothing}</p>
      <button @click=${() => {
        this.rung = undefined;
      }}>${icon("check")}${t("Seen")}</button>
    </div>`;
  }

  #callerOf({ callerDevice }: Ring): TargetChoice | undefined {
    return targetChoices(this.#house).find(({ to }) => to === `device:${callerDevice}`);
  }

  /** A ring chooses its caller, so that one hold answers; it is shown for a while. */
  #onRing = (event: Event): void => {
    const ring = (event as CustomEvent<Ring>).detail;
    if (!ring.deviceIds.includes(this.device)) return;
    this.rung = ring;
    const caller = this.#callerOf(ring);
    if (caller) this.to = caller.to;
    window.setTimeout(() => {
      if (this.rung === ring) this.rung = undefined;
    }, ringForMs);
  };

  #onNoMicrophone = (event: Event): void => this.#onTrouble((event as CustomEvent<MicrophoneTrouble>).detail);

  #onTrouble(trouble: MicrophoneTrouble | undefined): void {
    this.trouble = trouble;
    this.#station?.microphone(trouble === undefined);
  }

  /** Who speaks here now, and whether it may be disturbed. */
  #renderNow(own: PageDevice | undefined, chosen: TargetChoice | undefined) {
    const holder = own?.speaker?.holder;
    const quiet = this.settings?.doNotDisturb ?? false;
    const muted = this.settings?.muted ?? false;
    const says = holder
      ? html`<strong>${t("{name} is speaking", { name: holder.name })}</strong><span class="for">${timer(this.#awake.nowMs - holder.sinceMs)}</span>`
      : html`<span>${!this.hub.connected ? t("The hub does not answer; trying again.") : quiet ? t("Do not disturb: only emergencies are heard here.") : muted ? t("Muted: only emergencies are played here.") : t("Nobody speaks to this room")}</span>`;
    return html`<div class="now ${holder ? "speaking" : ""}">
      <p role="status">${icon(holder ? "sound" : quiet ? "moon" : muted ? "soundOff" : "speaker")}${says}</p>
      ${chosen && chosen.to !== "all" ? html`<dw-call-button .hub=${this.hub} .to=${chosen.to} .name=${chosen.name}></dw-call-button>` : nothing}
      <button aria-label=${t("Ring")} @click=${() => {
        this.telling = true;
      }}>${icon("bellRing")}<span>${t("Ring")}</span></button>
      <button aria-label=${t("Do not disturb")} aria-pressed=${quiet} @click=${() => this.#station?.set({ doNotDisturb: !quiet })}>${icon("moon")}<span>${t("Do not disturb")}</span></button>
      <button aria-label=${t("Settings")} aria-expanded=${this.more} @click=${() => {
        this.more = !this.more;
      }}>${icon("cog")}</button>
    </div>`;
  }

  #renderChoice(choice: TargetChoice, chosen: boolean) {
    const { devices } = targetOf([choice.to], this.#house);
    const said = sayChoice(choice, { devices, nowMs: this.#awake.nowMs });
    return html`<button role="radio" aria-checked=${chosen} data-tone=${said.tone} class=${choice.kind} @click=${() => {
      this.to = choice.to;
    }}><strong>${choice.name}</strong><span>${said.text}</span></button>`;
  }

  #renderSettings() {
    return html`<div class="settings">
      <label><span>${t("Loudness here")}</span><input type="range" min="0" max="1.5" step="0.05" .value=${String(this.settings?.volume ?? 1)} @change=${(
        event: Event,
      ) => this.#station?.set({ volume: Number((event.target as HTMLInputElement).value) })} /></label>
      <button aria-pressed=${this.settings?.muted ?? false} @click=${() => this.#station?.set({ muted: !this.settings?.muted })}>${icon(this.settings?.muted ? "soundOff" : "sound")}${this.settings?.muted ? t("Muted") : t("Mute")}</button>
      <button class="ghost" @click=${() => {
        this.leaving = true;
      }}>${icon("close")}${t("Be a station no more")}</button>
    </div>`;
  }

  get #house() {
    return { devices: this.hub.devices.filter(canTalk), groups: this.hub.groups };
  }

  get #key(): string {
    return `dw-station-${this.device}`;
  }

  #begin(): void {
    this.wanted = true;
    actAs(this.device);
    const token = /[#&]token=([\w-]+)/.exec(location.hash)?.[1] ?? "";
    // A token does not stay in the address, where it would be seen and copied.
    if (token) history.replaceState(null, "", `${location.pathname}${location.search}`);
    this.#scope = new AbortController();
    this.#station = new Station({
      id: this.device,
      token,
      onState: (state) => this.#onState(state),
      onPlayable: (playable) => {
        this.playable = playable;
      },
      onSettings: ({ name, doNotDisturb, muted, volume }) => {
        this.settings = { name, doNotDisturb, muted, volume };
      },
      signal: this.#scope.signal,
    });
    watchMicrophone({ onTrouble: (trouble) => this.#onTrouble(trouble), signal: this.#scope.signal });
    void this.#askWho();
  }

  #onState(state: StationState): void {
    const was = this.state.state;
    this.state = state;
    if (state.state === "in") this.hub.startAsStation(this.device);
    else if (was === "in") this.hub.stop();
  }

  /** Who is signed in at this browser: they may let it in here; and where the secure page is. */
  async #askWho(): Promise<void> {
    this.session = await call<Session>("GET", "/api/v1/session", { as: "person" }).catch(() => undefined);
  }

  #letIn = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const area = String(data.get("area") ?? "").trim();
    this.wrong = "";
    try {
      await call("POST", `/api/v1/arrivals/${encodeURIComponent(this.device)}`, {
        as: "person",
        body: {
          name: String(data.get("name") ?? "").trim(),
          ...(area && { area }),
          grants: stationGrants({ cameras: data.has("cameras") }),
        },
      });
      this.#station?.again();
    } catch (error) {
      this.wrong = sentence(error);
    }
  };

  #leave = async (): Promise<void> => {
    this.#scope?.abort();
    localStorage.removeItem(this.#key);
    await call("DELETE", `/api/v1/stations/${encodeURIComponent(this.device)}`).catch(() => {}); // The cookie then only stays.
    location.href = at("/");
  };

  #onTouch = (): void => this.#station?.touch();
}

/** Everybody first, then areas and groups, then the single ones. */
function ordered(choices: readonly TargetChoice[]): readonly TargetChoice[] {
  const several = choices.filter(({ kind }) => kind !== "device");
  return [...several, ...choices.filter(({ kind }) => kind === "device")];
}

function hasPicture({ tracks, kind }: PageDevice): boolean {
  return kind !== "page" && (tracks.length === 0 || tracks.some((track) => track.kind === "video"));
}

function alone(title: string, text: string) {
  return html`<div class="alone" role="status"><h2>${title}</h2><p>${text}</p></div>`;
}

customElements.define("dw-station", DwStation);
