import { html, nothing, type PropertyValues } from "lit";
import { type CallChanged, type CallList, type CallView, call, sentence } from "../api.ts";
import type { Hub } from "../app/hub.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { Seconds } from "../parts/seconds.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { othersIn, placeIn, sayOutcome, sayRinging } from "../pure/call-words.ts";
import { microphoneHelp } from "../pure/talk-words.ts";
import { timer } from "../pure/words.ts";
import { CallVoice, type VoiceState } from "./call-voice.ts";
import { callingStyles } from "./calling-styles.ts";
import { Ringing } from "./ringing.ts";
import "../talk/dw-guard.ts";
import "../player/dw-player.ts";
import "./dw-call-picture.ts";
import type { DwCallPicture } from "./dw-call-picture.ts";

const noticeForMs = 5000;

interface Notice {
  readonly name: string;
  readonly text: string;
}

/**
 * The calls of this page, over whatever it shows: one that rings, one that one makes, one in which one is, and for a moment
 * what became of it. With the attribute `whole` it fills the screen, which it does on phones anyway.
 */
export class DwCalling extends HubElement {
  static override properties = {
    ...HubElement.properties,
    whole: { type: Boolean, reflect: true },
    answering: {},
    replies: { state: true },
    declining: { state: true },
    wrong: { state: true },
    opened: { state: true },
    audible: { state: true },
    hushed: { state: true },
    muted: { state: true },
    volume: { state: true },
    voice: { state: true },
    notice: { state: true },
    busy: { state: true },
  };
  static override styles = [base, buttons, fields, callingStyles];
  declare whole: boolean;
  /** Id of a call that is answered as soon as it is there: somebody touched its notification. */
  declare answering: string;
  declare replies: readonly string[];
  /** The call for which quick replies are shown. */
  declare declining: string;
  declare wrong: string;
  /** What became of the wish to open the door. */
  declare opened: string;
  /** False while the browser makes no sound. */
  declare audible: boolean;
  declare hushed: boolean;
  declare muted: boolean;
  declare volume: number;
  declare voice: VoiceState;
  declare notice: Notice | undefined;
  declare busy: boolean;
  readonly #seconds = new Seconds(this);
  readonly #ringing = new Ringing({
    onAudible: (audible) => {
      this.audible = audible;
      this.#confirm();
    },
  });
  readonly #confirmed = new Set<string>();
  #followed: Hub | undefined;
  #own: CallVoice | undefined;
  #shown = "";
  #clear: number | undefined;

  constructor() {
    super();
    this.whole = false;
    this.answering = "";
    this.replies = [];
    this.declining = "";
    this.wrong = "";
    this.opened = "";
    this.audible = true;
    this.hushed = false;
    this.muted = false;
    this.volume = 1;
    this.voice = { state: "off" };
    this.busy = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#follow(this.hub);
    window.addEventListener("keydown", this.#onKey, { capture: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#follow(undefined);
    window.removeEventListener("keydown", this.#onKey, { capture: true });
    this.#ringing.stop();
    this.#own?.close();
    this.#own = undefined;
    clearTimeout(this.#clear);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    this.#follow(this.hub);
    const current = this.#current;
    if (current?.id === this.#shown) return;
    this.#shown = current?.id ?? "";
    this.declining = "";
    this.wrong = "";
    this.opened = "";
    this.hushed = false;
    this.muted = false;
    if (current && this.replies.length === 0) void this.#askReplies();
    if (current) void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(".call")?.focus());
  }

  protected override updated(): void {
    const current = this.#current;
    const place = current && placeIn(current);
    if (current && place === "incoming" && !this.busy) {
      this.#ringing.start(current.from.name);
      if (this.answering === current.id) void this.#answer(current);
    } else this.#ringing.stop();
    if (current && place === "in" && current.state === "answered" && !this.muted) this.#voice.speak(current);
    else this.#own?.quiet();
  }

  protected override render() {
    const current = this.#current;
    if (!current)
      return this.notice ? html`<div class="calls over-only">${this.#renderNotice(this.notice)}</div>` : nothing;
    const place = placeIn(current);
    return html`<div class="calls">
      ${this.notice ? this.#renderNotice(this.notice) : nothing}
      <section class="call ${place === "incoming" ? "ringing" : ""}" role="dialog" aria-labelledby="who" aria-describedby="what" tabindex="-1">
        <header>
          <div><h2 id="who">${place === "incoming" ? icon("bellRing") : nothing} ${this.#name(current)}</h2><p id="what" class="muted">${this.#explain(current)}</p></div>
          <span class="time" aria-hidden="true">${timer(this.#seconds.nowMs - (current.answeredMs ?? current.startedMs))}</span>
        </header>
        ${this.#renderPicture(current)}
        <div class="acts">
          ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
          ${this.opened ? html`<p class="note good" role="status">${icon("check")}<span>${this.opened}</span></p>` : nothing}
          ${place === "incoming" ? this.#renderIncoming(current) : this.#renderIn(current)}
        </div>
      </section>
      <span class="unseen" role="alert">${place === "incoming" ? `${current.from.name} rings` : nothing}</span>
    </div>`;
  }

  #renderNotice({ name, text }: Notice) {
    return html`<div class="over" role="status">${icon("phone")}<p><strong>${name}</strong><br />${text}</p><button class="ghost icon" aria-label="Close" @click=${() => {
      this.notice = undefined;
    }}>${icon("close")}</button></div>`;
  }

  /** Picture and sound of the call; before it is answered for who may look who is there. */
  #renderPicture(current: CallView) {
    const { cameraId, mayPeek, from } = current;
    const takesPart = placeIn(current) === "in" && current.state === "answered";
    const src = `/whep/calls/${encodeURIComponent(current.id)}`;
    if (cameraId !== undefined && (mayPeek || takesPart))
      return html`<dw-call-picture .call=${current} .device=${this.hub.device(cameraId)} src=${src} ?audible=${takesPart} .volume=${this.volume}></dw-call-picture>`;
    return html`<div class="blank">${icon(from.deviceId ? "door" : "people")}${
      takesPart ? html`<dw-player class="unseen" keep src=${src} .volume=${this.volume}></dw-player>` : nothing
    }</div>`;
  }

  #renderIncoming(current: CallView) {
    if (this.declining === current.id) return this.#renderReplies(current);
    const silent = this.audible
      ? nothing
      : html`<button class="note" @click=${() => this.#ringing.start(current.from.name)}>${icon("soundOff")}<span>This browser rings without sound until you touch the page.</span></button>`;
    return html`${silent}
      <div class="pair">
        <button ?disabled=${this.busy} @click=${() => {
          this.declining = current.id;
        }}>${icon("hangUp")}Decline</button>
        <button class="answer" ?disabled=${this.busy || !current.mayAnswer} @click=${() => this.#answer(current)}>${icon("phone")}Answer</button>
      </div>
      <div class="tools">
        <button aria-pressed=${this.hushed} @click=${() => this.#hush()}>${icon(this.hushed ? "soundOff" : "sound")}${this.hushed ? "Silent here" : "Silence here"}</button>
      </div>
      ${this.#renderUnlock(current)}`;
  }

  #renderReplies(current: CallView) {
    return html`<div class="replies" role="group" aria-label="Decline and say">
      ${current.from.deviceId ? this.replies.map((reply) => html`<button @click=${() => this.#decline(current, { reply })}>${icon("speaker")}${reply}</button>`) : nothing}
      ${
        current.from.deviceId
          ? html`<form class="own" @submit=${(event: SubmitEvent) => this.#onOwnReply(event, current)}><input name="reply" maxlength="300" required aria-label="Own words" placeholder="Own words" /><button>Say</button></form>`
          : nothing
      }
      <button class="danger" @click=${() => this.#decline(current, {})}>${icon("hangUp")}Decline without a word</button>
      <button @click=${() => this.#decline(current, { forSelf: true })}>${icon("moon")}Only stop ringing here</button>
      <button class="ghost" @click=${() => {
        this.declining = "";
      }}>${icon("back")}Back</button>
    </div>`;
  }

  #renderIn(current: CallView) {
    const answered = current.state === "answered";
    return html`${this.#renderVoice()}
      ${
        answered
          ? html`<div class="tools">
              <button aria-pressed=${this.muted} @click=${() => {
                this.muted = !this.muted;
              }}>${icon(this.muted ? "micOff" : "mic")}${this.muted ? "Muted" : "Mute"}</button>
              ${current.cameraId && document.pictureInPictureEnabled ? html`<button @click=${this.#pip}>${icon("pip")}Small window</button>` : nothing}
              <label>${icon("sound")}<span class="unseen">Loudness</span><input type="range" min="0" max="1" step="0.05" .value=${String(this.volume)} @input=${(
                event: Event,
              ) => {
                this.volume = Number((event.target as HTMLInputElement).value);
              }} /></label>
            </div>`
          : nothing
      }
      ${this.#renderUnlock(current)}
      <button class="danger" ?disabled=${this.busy} @click=${() => this.#end(current)}>${icon("hangUp")}${answered ? "Hang up" : "Give up"}</button>`;
  }

  #renderVoice() {
    const { voice } = this;
    if (voice.state === "no-microphone")
      return html`<p class="note" role="status">${icon("micOff")}<span>You are not heard. ${microphoneHelp(voice.trouble, navigator.userAgent)}</span></p>`;
    if (voice.state === "failed")
      return html`<p class="note" role="status">${icon("micOff")}<span>You are not heard at the moment; trying again.</span></p>`;
    return nothing;
  }

  /** Slow to press, and never where Answer was. */
  #renderUnlock(current: CallView) {
    if (!current.mayUnlock || !current.from.deviceId) return nothing;
    return html`<dw-guard label="Open the door" hint="Opens ${current.from.name}." icon="lock" @dw-armed=${() => this.#unlock(current)}></dw-guard>`;
  }

  /** The one that matters most: the call in which one is, else the newest that rings. */
  get #current(): CallView | undefined {
    const calls = [...(this.hub?.calls.values() ?? [])];
    const placed = (...places: readonly string[]) => calls.findLast((one) => places.includes(placeIn(one)));
    return placed("in") ?? placed("incoming") ?? placed("outgoing");
  }

  get #voice(): CallVoice {
    this.#own ??= new CallVoice({
      onState: (state) => {
        this.voice = state;
      },
    });
    return this.#own;
  }

  #name(current: CallView): string {
    if (placeIn(current) === "outgoing") return current.rung.map(({ name }) => name).join(", ") || "Calling";
    return current.from.party === current.you ? othersIn(current) : current.from.name;
  }

  #explain(current: CallView): string {
    const place = placeIn(current);
    if (place === "incoming") return ["Rings", sayRinging(current)].filter(Boolean).join(", ");
    if (place === "outgoing") {
      return current.rung.some(({ state }) => state === "ringing") ? "It rings there." : "Calling.";
    }
    const others = othersIn(current);
    return others && others !== this.#name(current) ? `In a call with ${others}` : "In a call";
  }

  /** It is there before it is told of its hub where its code came later than the page. */
  #follow(hub: Hub | undefined): void {
    if (hub === this.#followed) return;
    this.#followed?.removeEventListener("call", this.#onCall);
    hub?.addEventListener("call", this.#onCall);
    this.#followed = hub;
  }

  #onCall = (event: Event): void => {
    const { call: changed, change } = (event as CustomEvent<CallChanged>).detail;
    const mine = changed.rung.some(({ party }) => party === changed.you) || changed.from.party === changed.you;
    const elsewhere = change === "answered" && placeIn(changed) === "others";
    if (changed.state === "ended") this.#confirmed.delete(changed.id);
    if (!mine || !(elsewhere || changed.state === "ended")) return;
    if (changed.endedBy?.party === changed.you || (changed.answeredBy && !elsewhere && this.#shown !== changed.id))
      return;
    const text = changed.answeredBy && !elsewhere ? "The call is over" : sayOutcome(changed);
    this.#tell({
      name: changed.from.party === changed.you ? this.#name(changed) || "Your call" : changed.from.name,
      text,
    });
  };

  #tell(notice: Notice): void {
    this.notice = notice;
    clearTimeout(this.#clear);
    this.#clear = window.setTimeout(() => {
      this.notice = undefined;
    }, noticeForMs);
  }

  /** Tells the hub that it rings here: where it is heard, or at least seen. */
  #confirm(): void {
    const current = this.#current;
    if (!current || placeIn(current) !== "incoming" || this.#confirmed.has(current.id)) return;
    if (!this.audible && document.hidden) return;
    if (this.hub.send({ type: "call-confirm", call: current.id })) this.#confirmed.add(current.id);
  }

  #hush(): void {
    this.hushed = true;
    this.#ringing.mute();
  }

  #answer(current: CallView): Promise<void> {
    this.answering = "";
    this.#ringing.stop();
    return this.#post(current, "answer");
  }

  #decline(current: CallView, body: { readonly reply?: string; readonly forSelf?: boolean }): Promise<void> {
    return this.#post(current, "decline", body);
  }

  #onOwnReply(event: SubmitEvent, current: CallView): void {
    event.preventDefault();
    const reply = String(new FormData(event.target as HTMLFormElement).get("reply") ?? "").trim();
    if (reply) void this.#decline(current, { reply });
  }

  #end(current: CallView): Promise<void> {
    return this.#post(current, "end");
  }

  async #post({ id }: CallView, what: "answer" | "decline" | "end", body?: object): Promise<void> {
    this.wrong = "";
    this.busy = true;
    try {
      const now = await call<CallView>("POST", `/api/v1/calls/${encodeURIComponent(id)}/${what}`, {
        ...(body && { body }),
      });
      // The hub's own message may still be under way.
      if (now.state === "ended") this.hub.calls.delete(id);
      else this.hub.calls.set(id, now);
    } catch (error) {
      this.wrong = sentence(error);
    } finally {
      this.busy = false;
    }
  }

  async #unlock({ from }: CallView): Promise<void> {
    this.wrong = "";
    this.opened = "";
    try {
      const path = `/api/v1/devices/${encodeURIComponent(from.deviceId ?? "")}/unlock`;
      const { sentence: said } = await call<{ readonly sentence?: string }>("POST", path, {
        body: { nonce: crypto.randomUUID() },
      });
      this.opened = said ?? "The door was opened.";
    } catch (error) {
      this.wrong = sentence(error);
    }
  }

  async #askReplies(): Promise<void> {
    const list = await call<CallList>("GET", "/api/v1/calls?limit=1").catch(() => undefined);
    this.replies = list?.replies ?? [];
  }

  #pip = async (): Promise<void> => {
    const video = this.renderRoot.querySelector<DwCallPicture>("dw-call-picture")?.video;
    if (!video) return;
    try {
      video.disablePictureInPicture = false;
      await (document.pictureInPictureElement ? document.exitPictureInPicture() : video.requestPictureInPicture());
    } catch (error) {
      this.wrong = sentence(error);
    }
  };

  /** By keyboard: Escape goes back from the replies, or silences the ring. */
  #onKey = (event: KeyboardEvent): void => {
    const current = this.#current;
    if (event.key !== "Escape" || !current || placeIn(current) !== "incoming") return;
    event.stopPropagation();
    if (this.declining) this.declining = "";
    else this.#hush();
  };
}

customElements.define("dw-calling", DwCalling);
