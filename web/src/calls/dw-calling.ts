import { html, nothing, type PropertyValues } from "lit";
import { type CallChanged, type CallList, type CallView, call, sentence } from "../api.ts";
import type { Hub } from "../app/hub.ts";
import { language, t } from "../language/t.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { KeptFocus } from "../parts/kept-focus.ts";
import { Seconds } from "../parts/seconds.ts";
import { base, buttons } from "../parts/styles.ts";
import { playTone } from "../parts/tones.ts";
import { type CallNotice, explainCall, nameOfCall, noticeOf } from "../pure/call-sayings.ts";
import { placeIn } from "../pure/call-words.ts";
import { randomId } from "../pure/random-id.ts";
import { microphoneHelp } from "../pure/talk-words.ts";
import { timer } from "../pure/words.ts";
import { CallVoice, type VoiceState } from "./call-voice.ts";
import { callingStyles } from "./calling-styles.ts";
import type { DwCallPicture } from "./dw-call-picture.ts";
import type { Declining } from "./dw-replies.ts";
import { Ringing } from "./ringing.ts";
import "../player/dw-player.ts";
import "../talk/dw-guard.ts";
import "./dw-call-picture.ts";
import "./dw-call-tools.ts";
import "./dw-replies.ts";
import "./dw-second-call.ts";

const noticeForMs = 5000;

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
  static override styles = [base, buttons, callingStyles];
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
  declare notice: CallNotice | undefined;
  declare busy: boolean;
  readonly #seconds = new Seconds(this);
  readonly #ringing = new Ringing({
    onAudible: (audible) => {
      this.audible = audible;
      this.#confirm();
    },
  });
  readonly #confirmed = new Set<string>();
  #own: CallVoice | undefined;
  #shown = "";
  #clear: number | undefined;
  readonly #focus = new KeptFocus();

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
    window.addEventListener("keydown", this.#onKey, { capture: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("keydown", this.#onKey, { capture: true });
    this.#ringing.stop();
    this.#own?.close();
    this.#own = undefined;
    clearTimeout(this.#clear);
  }

  protected override follow(hub: Hub | undefined, before: Hub | undefined): void {
    before?.removeEventListener("call", this.#onCall);
    hub?.addEventListener("call", this.#onCall);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const current = this.#current;
    if (current?.id === this.#shown) return;
    this.#shown = current?.id ?? "";
    this.declining = "";
    this.wrong = "";
    this.opened = "";
    this.hushed = false;
    this.muted = false;
    if (current && this.replies.length === 0) void this.#askReplies();
    if (!current) {
      this.#focus.giveBack();
      return;
    }
    this.#focus.keep();
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(".call")?.focus());
  }

  protected override updated(): void {
    const current = this.#current;
    const place = current && placeIn(current);
    if (current && place === "incoming" && !this.busy) {
      this.#ringing.start(current.from.name);
      if (this.answering === current.id) void this.#answer(current);
    } else this.#ringing.stop();
    for (const { id } of current && place !== "incoming" ? this.#waiting(current) : []) this.#knock(id);
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
      ${place === "incoming" ? nothing : this.#renderSecond(current)}
      <section class="call ${place === "incoming" ? "ringing" : ""}" role="dialog" aria-labelledby="who" aria-describedby="what" tabindex="-1">
        <header>
          <div><h2 id="who">${place === "incoming" ? icon("bellRing") : nothing} ${nameOfCall(current)}</h2><p id="what" class="muted">${explainCall(current)}</p></div>
          <span class="time" aria-hidden="true">${timer(this.#seconds.nowMs - (current.answeredMs ?? current.startedMs))}</span>
        </header>
        ${this.#renderPicture(current)}
        <div class="acts">
          ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
          ${this.opened ? html`<p class="note good" role="status">${icon("check")}<span>${this.opened}</span></p>` : nothing}
          ${place === "incoming" ? this.#renderIncoming(current) : this.#renderIn(current)}
        </div>
      </section>
      <span class="unseen" role="alert">${place === "incoming" ? t("{name} rings", { name: current.from.name }) : nothing}</span>
    </div>`;
  }

  #renderNotice({ name, text }: CallNotice) {
    return html`<div class="over" role="status">${icon("phone")}<p><strong>${name}</strong><br />${text}</p><button class="ghost icon" aria-label=${t("Close")} @click=${() => {
      this.notice = undefined;
    }}>${icon("close")}</button></div>`;
  }

  /** Picture and sound of the call; before it is answered for who may look who is there. */
  #renderPicture(current: CallView) {
    const { cameraId, mayPeek, from } = current;
    const takesPart = placeIn(current) === "in" && current.state === "answered";
    const src = `/whep/calls/${encodeURIComponent(current.id)}`;
    if (cameraId !== undefined && (mayPeek || takesPart))
      return html`<dw-call-picture .call=${current} .device=${this.hub.device(cameraId)} src=${src} ?audible=${takesPart} .volume=${this.volume} @dw-picture=${() => this.hub.send({ type: "call-picture", call: current.id })}></dw-call-picture>`;
    return html`<div class="blank">${icon(from.deviceId ? "door" : "people")}<span>${nameOfCall(current)}</span>${
      takesPart ? html`<dw-player class="unseen" keep src=${src} .volume=${this.volume}></dw-player>` : nothing
    }</div>`;
  }

  #renderIncoming(current: CallView) {
    if (this.declining === current.id) return this.#renderReplies(current);
    const silent = this.audible
      ? nothing
      : html`<button class="note" @click=${() => this.#ringing.start(current.from.name)}>${icon("soundOff")}<span>${t("This browser rings without sound until you touch the page.")}</span></button>`;
    return html`${silent}
      <div class="pair">
        <button ?disabled=${this.busy} @click=${() => {
          this.declining = current.id;
        }}>${icon("hangUp")}${t("Decline")}</button>
        <button class="answer" ?disabled=${this.busy || !current.mayAnswer} @click=${() => this.#answer(current)}>${icon("phone")}${t("Answer")}</button>
      </div>
      <button class="hush" aria-pressed=${this.hushed} @click=${() => this.#hush()}>${icon(this.hushed ? "soundOff" : "sound")}${this.hushed ? t("Silent here") : t("Silence here")}</button>
      ${this.#renderUnlock(current)}`;
  }

  #renderReplies(current: CallView) {
    return html`<dw-replies .replies=${current.from.deviceId ? this.replies : undefined} @dw-declined=${(
      event: CustomEvent<Declining>,
    ) => this.#decline(current, event.detail)} @dw-back=${() => {
      this.declining = "";
    }}></dw-replies>`;
  }

  #renderIn(current: CallView) {
    const answered = current.state === "answered";
    return html`${this.#renderVoice()}
      ${
        answered
          ? html`<dw-call-tools .muted=${this.muted} .picture=${current.cameraId !== undefined} .volume=${this.volume} @dw-mute=${() => {
              this.muted = !this.muted;
            }} @dw-window=${this.#pip} @dw-volume=${(event: CustomEvent<number>) => {
              this.volume = event.detail;
            }}></dw-call-tools>`
          : nothing
      }
      ${this.#renderUnlock(current)}
      <button class="hang" ?disabled=${this.busy} @click=${() => this.#end(current)}>${icon("hangUp")}${answered ? t("Hang up") : t("Give up")}</button>`;
  }

  #renderSecond(current: CallView) {
    return this.#waiting(current).map(
      (other) =>
        html`<dw-second-call .call=${other} .busy=${this.busy} @dw-not-now=${() => this.#decline(other, { forSelf: true })} @dw-change=${() => this.#change(current, other)}></dw-second-call>`,
    );
  }

  #renderVoice() {
    const { voice } = this;
    if (voice.state === "no-microphone")
      return html`<p class="note" role="status">${icon("micOff")}<span>${t("You are not heard. {help}", { help: microphoneHelp(voice.trouble, navigator.userAgent) })}</span></p>`;
    if (voice.state === "failed")
      return html`<p class="note" role="status">${icon("micOff")}<span>${t("You are not heard at the moment; trying again.")}</span></p>`;
    return nothing;
  }

  /** Slow to press, and never where Answer was. */
  #renderUnlock(current: CallView) {
    if (!current.mayUnlock || !current.from.deviceId) return nothing;
    return html`<dw-guard label=${t("Open the door")} hint="Opens ${current.from.name}." icon="lock" calm @dw-armed=${() => this.#unlock(current)}></dw-guard>`;
  }

  /** The one that matters most: the call in which one is, else the newest that rings. */
  get #current(): CallView | undefined {
    const calls = [...(this.hub?.calls.values() ?? [])];
    const placed = (...places: readonly string[]) => calls.findLast((one) => places.includes(placeIn(one)));
    return placed("in") ?? placed("incoming") ?? placed("outgoing");
  }

  #waiting(current: CallView): readonly CallView[] {
    return [...this.hub.calls.values()].filter((one) => one.id !== current.id && placeIn(one) === "incoming");
  }

  get #voice(): CallVoice {
    this.#own ??= new CallVoice({
      onState: (state) => {
        this.voice = state;
      },
    });
    return this.#own;
  }

  #onCall = (event: Event): void => {
    const { detail } = event as CustomEvent<CallChanged>;
    if (detail.call.state === "ended") this.#confirmed.delete(detail.call.id);
    const notice = noticeOf(detail, this.#shown);
    if (notice) this.#tell(notice);
  };

  #tell(notice: CallNotice): void {
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

  /** Somebody who talks is told once that another rings, softly; they see it for as long as it does. */
  #knock(id: string): void {
    if (this.#confirmed.has(id) || !this.hub.send({ type: "call-confirm", call: id })) return;
    this.#confirmed.add(id);
    playTone("ring");
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

  #decline(current: CallView, body: Declining): Promise<void> {
    return this.#post(current, "decline", body);
  }

  #end(current: CallView): Promise<void> {
    return this.#post(current, "end");
  }

  async #change(current: CallView, other: CallView): Promise<void> {
    await this.#end(current);
    if (!this.wrong) await this.#answer(other);
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
        body: { nonce: randomId() },
      });
      this.opened = (language() === "en" ? said : undefined) ?? t("The door was opened.");
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
    } catch {
      this.wrong = t("This browser gives the picture no window of its own now.");
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
