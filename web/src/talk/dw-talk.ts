import { html, LitElement, nothing } from "lit";
import type { Hearing, PageDevice, Session } from "../api.ts";
import { t } from "../language/t.ts";
import { VoiceLine } from "../net/voice.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons } from "../parts/styles.ts";
import { playTone } from "../parts/tones.ts";
import { keyAction, talkKey } from "../pure/keys.ts";
import { sayTalk, type TalkPhase } from "../pure/talk-words.ts";
import type { Target } from "../pure/target.ts";
import { timer } from "../pure/words.ts";
import { drawLevel } from "./meter.ts";
import { Microphone } from "./microphone.ts";
import { talkStyles } from "./talk-styles.ts";
import { Talker, type TalkLine } from "./talker.ts";
import "./dw-guard.ts";

/** What was said: when it began, and who heard it. */
export interface Said {
  readonly sinceMs: number;
  readonly heard: readonly Hearing[];
}

/**
 * The talk bar: hold anywhere on it, or the talk key (the space bar; attribute `hotkey`), to speak to `target`, or through one
 * `device`. Usable alone with a {@link TalkLine} as `line`.
 *
 * A talk ends when the finger or the key goes up, and also when the pointer is taken away, the window loses the focus, the
 * page is hidden, or the microphone goes: nobody is heard who does not know it.
 *
 * Events: `dw-talking` (detail: true while this person's voice is sent): whoever shows pictures then plays those softly that
 * would hear themselves. `dw-said` (detail: {@link Said}) after a talk that somebody may have heard. `dw-no-microphone` (detail: why) when a press found none.
 */
export class DwTalk extends LitElement {
  static override properties = {
    line: { attribute: false },
    target: { attribute: false },
    device: { attribute: false },
    session: { attribute: false },
    hotkey: { type: Boolean },
    large: { type: Boolean, reflect: true },
    ready: { type: Boolean },
    priority: { attribute: false },
    phase: { state: true },
    openMicrophone: { state: true },
    nowMs: { state: true },
    tapped: { state: true },
  };
  static override styles = [base, buttons, talkStyles];
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };

  declare line: TalkLine | undefined;
  declare target: Target | undefined;
  declare device: PageDevice | undefined;
  /** For the link to the secure address, and for those who may interrupt. */
  declare session: Session | undefined;
  declare hotkey: boolean;
  declare large: boolean;
  /** The page connects before the first press, which is then heard at once also where the net is slow. For a page with one bar. */
  declare ready: boolean;
  /** How urgent an ordinary press is. */
  declare priority: 0 | 1;
  declare phase: TalkPhase;
  declare openMicrophone: boolean;
  declare nowMs: number;
  /** The bar was only tapped a moment ago. */
  declare tapped: boolean;

  #microphone = new Microphone({ onLost: () => this.#talker?.microphoneLost() });
  #voice = new VoiceLine({ onLost: () => this.#talker?.lineLost() });
  #talker: Talker | undefined;
  #line: TalkLine | undefined;
  #frame: number | undefined;
  #ticker: number | undefined;
  #heldAt: number | undefined;
  #meant = "";
  #isReady = false;

  constructor() {
    super();
    this.hotkey = false;
    this.large = false;
    this.ready = false;
    this.priority = 0;
    this.phase = { phase: "ready" };
    this.openMicrophone = false;
    this.nowMs = Date.now();
    this.tapped = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("keydown", this.#onKeyDown);
    window.addEventListener("keyup", this.#onKeyUp);
    window.addEventListener("blur", this.#onLeft);
    document.addEventListener("visibilitychange", this.#onLeft);
    window.addEventListener("click", this.#onAnyClick);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("keydown", this.#onKeyDown);
    window.removeEventListener("keyup", this.#onKeyUp);
    window.removeEventListener("blur", this.#onLeft);
    document.removeEventListener("visibilitychange", this.#onLeft);
    window.removeEventListener("click", this.#onAnyClick);
    this.stop();
    this.#microphone.close();
    this.#voice.close();
    this.#isReady = false;
  }

  /** Ends this person's turn, open microphone or not. */
  stop(): void {
    this.openMicrophone = false;
    this.#talker?.release();
  }

  /** Begins a turn, as a press on the bar does; {@link letGo} ends it. */
  hold(): void {
    if (this.#possible && !this.openMicrophone) this.#press();
  }

  /** Ends a turn that {@link hold} began. */
  letGo(): void {
    this.#release();
  }

  protected override willUpdate(): void {
    const meant = this.#to.join();
    if (meant !== this.#meant) {
      this.#meant = meant;
      this.stop();
      this.#talker?.rest();
    }
    if (this.line && this.line !== this.#line) {
      this.stop();
      this.#line = this.line;
      this.#talker = new Talker({
        microphone: this.#microphone,
        voice: this.#voice,
        line: this.line,
        onPhase: (phase) => this.#onPhase(phase),
      });
    }
  }

  protected override updated(): void {
    this.#makeReady();
  }

  /** Where somebody looks who may speak. */
  #makeReady(): void {
    const wanted = this.ready && this.#possible && window.isSecureContext && !document.hidden;
    if (wanted === this.#isReady) return;
    this.#isReady = wanted;
    if (wanted) this.#voice.keep();
    else this.#voice.letGo();
  }

  protected override render() {
    const said = sayTalk(this.phase, this.#target, {
      userAgent: navigator.userAgent,
      keys: this.hotkey && matchMedia("(hover: hover)").matches,
      nowMs: this.nowMs,
      tapped: this.tapped,
      own: this.session?.user?.name,
    });
    const speaking = this.phase.phase === "granted";
    const possible = this.#possible;
    return html`
      <div class="bar" data-tone=${said.tone}>
        <button
          class="hold"
          ?disabled=${!possible && !speaking}
          aria-pressed=${this.#talker?.active ? "true" : "false"}
          @pointerdown=${this.#onPointerDown}
          @pointerup=${this.#onPointerUp}
          @pointercancel=${this.#onPointerUp}
          @lostpointercapture=${this.#onPointerUp}
          @contextmenu=${(event: Event) => event.preventDefault()}
          @click=${this.#onClick}
        >
          ${icon(possible ? "mic" : "micOff")}
          <span class="words"><span class="text">${said.text}</span><span class="detail">${said.detail}</span></span>
          ${speaking ? html`<canvas class="level" width="112" height="32" aria-hidden="true"></canvas><span class="timer">${timer(this.nowMs - this.#sinceMs)}</span>` : nothing}
        </button>
        ${this.#renderWaysOut(possible)}
      </div>
      <span class="unseen" role="status" aria-live="assertive">${this.phase.phase === "ready" ? nothing : `${said.text}. ${said.detail}`}</span>
    `;
  }

  #renderWaysOut(possible: boolean) {
    const { phase } = this;
    if (phase.phase === "no-microphone" && phase.trouble === "insecure" && this.session?.httpsUrl) {
      return html`<a class="button side" href=${this.session.httpsUrl}>${icon("lock")}${t("Open secure page")}</a>`;
    }
    if (!possible) return nothing;
    return html`${this.#renderOpen()} ${this.#renderGuard()}`;
  }

  /** Being urgent is slow to press: breaking in where somebody speaks, else an emergency. */
  #renderGuard() {
    if (!this.#mayPage || this.openMicrophone) return nothing;
    const breaks = this.#mayInterrupt();
    const hint = breaks
      ? t("Breaks in and speaks now, in place of whoever speaks.")
      : t("Speaks now, also where nobody wants to be disturbed and where the sound is off.");
    return html`<dw-guard
      label=${breaks ? t("Interrupt") : t("Emergency")}
      hint=${hint}
      icon=${breaks ? "hand" : "siren"}
      @dw-armed=${(event: CustomEvent<boolean>) => this.#onArmed(breaks ? 1 : 2, event.detail)}
      @dw-let-go=${() => this.#release()}
    ></dw-guard>`;
  }

  #renderOpen() {
    // Whoever holds already needs no way to speak without holding: the room is the words'.
    if (!this.openMicrophone && (this.large || this.phase.phase === "granted")) return nothing;
    return html`<button class="side" aria-pressed=${this.openMicrophone} title=${t("Talk without holding")} @click=${this.#toggleOpen}>
      ${icon(this.openMicrophone ? "micOff" : "mic")}<span>${this.openMicrophone ? t("Stop") : t("Keep open")}</span>
    </button>`;
  }

  #mayInterrupt(): boolean {
    const held =
      this.phase.phase === "queued" || this.phase.phase === "refused"
        ? this.phase.holder
        : this.phase.phase === "ready"
          ? this.#target?.devices.find(({ speaker }) => speaker?.holder)?.speaker?.holder
          : undefined;
    return held !== undefined && (!("priority" in held) || held.priority === 0);
  }

  /** Whether this person may be urgent there. */
  get #mayPage(): boolean {
    const devices = this.#target?.devices ?? [];
    return devices.length > 0 && devices.every(({ rights }) => rights.includes("page"));
  }

  get #sinceMs(): number {
    return this.phase.phase === "granted" ? this.phase.sinceMs : this.nowMs;
  }

  /** Whom one speaks to; a device alone is one, too. */
  get #target(): Target | undefined {
    const { target, device } = this;
    return target ?? (device && { to: [`device:${device.id}`], name: device.name, devices: [device] });
  }

  get #to(): Target["to"] {
    return this.#target?.to ?? [];
  }

  get #possible(): boolean {
    return this.#target?.devices.some(({ speaker, rights }) => speaker && rights.includes("talk")) ?? false;
  }

  #onArmed(priority: 1 | 2, held: boolean): void {
    this.#talker?.release();
    this.openMicrophone = !held;
    this.#press(priority);
  }

  #press(priority: 0 | 1 | 2 = this.priority): void {
    void this.#talker?.press(this.#to, { priority });
  }

  #release(): void {
    if (!this.openMicrophone) this.#talker?.release();
  }

  #onPhase(phase: TalkPhase): void {
    const was = this.phase.phase === "granted";
    const is = phase.phase === "granted";
    const before = this.phase;
    this.phase = phase;
    if (phase.phase === "granted" && phase.endsAtMs !== undefined && before.phase === "granted" && !before.endsAtMs)
      playTone("ending");
    if (phase.phase === "said" && before.phase === "granted") {
      const detail: Said = { sinceMs: before.sinceMs, heard: phase.hearing };
      this.dispatchEvent(new CustomEvent("dw-said", { detail, bubbles: true, composed: true }));
    }
    if (phase.phase === "no-microphone")
      this.dispatchEvent(new CustomEvent("dw-no-microphone", { detail: phase.trouble, bubbles: true, composed: true }));
    if (!this.#talker?.active) this.openMicrophone = false;
    if (was === is) return;
    clearInterval(this.#ticker);
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    if (is) {
      this.nowMs = Date.now();
      this.#ticker = window.setInterval(() => {
        this.nowMs = Date.now();
      }, 500);
      this.#draw();
    }
    this.dispatchEvent(new CustomEvent("dw-talking", { detail: is, bubbles: true, composed: true }));
  }

  #draw = (): void => {
    const canvas = this.renderRoot.querySelector<HTMLCanvasElement>(".level");
    if (canvas) drawLevel(canvas, this.#microphone.level());
    this.#frame = requestAnimationFrame(this.#draw);
  };

  #onPointerDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    if (this.openMicrophone) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.#heldAt = event.timeStamp;
    this.#press();
  }

  #onPointerUp(event: PointerEvent): void {
    if (event.type === "pointerup" && event.timeStamp - (this.#heldAt ?? 0) < tapMs) this.#onTap();
    this.#release();
  }

  /** Whoever only taps is told that the bar is to be held. */
  #onTap(): void {
    if (this.phase.phase === "granted" || this.openMicrophone) return;
    this.tapped = true;
    window.setTimeout(() => {
      this.tapped = false;
    }, tappedForMs);
  }

  /** A click without a pointer comes from a screen reader or a switch: it cannot hold, so it toggles. */
  #onClick(event: MouseEvent): void {
    if (this.#heldAt !== undefined && event.detail > 0) return;
    this.#toggleOpen();
  }

  #toggleOpen(): void {
    if (this.openMicrophone || this.#talker?.active) {
      this.stop();
      return;
    }
    this.openMicrophone = true;
    this.#press();
  }

  #onKeyDown = (event: KeyboardEvent): void => {
    if (keyAction(event)?.action !== "talk") return;
    const [target] = event.composedPath();
    const own = target instanceof Element && target.matches(".hold") && this.renderRoot.contains(target);
    if (!own && (!this.hotkey || takesKeys(target))) return;
    event.preventDefault();
    if (!event.repeat && !this.openMicrophone && this.#possible) this.#press();
  };

  #onKeyUp = (event: KeyboardEvent): void => {
    if (event.key !== talkKey.key) return;
    const [target] = event.composedPath();
    if (target instanceof Element && target.matches(".hold") && this.renderRoot.contains(target))
      event.preventDefault();
    this.#release();
  };

  /** A button that was clicked with the mouse does not keep the space bar for itself: it goes on being for talking. */
  #onAnyClick = (event: MouseEvent): void => {
    const button = event.composedPath().find((target) => target instanceof HTMLButtonElement);
    if (this.hotkey && event.detail > 0 && button && !button.closest("form, dialog")) button.blur();
  };

  /** The window lost the focus, or is hidden: whoever spoke may not know any more that they do. */
  #onLeft = (event: Event): void => {
    if (event.type === "blur" || document.hidden) this.stop();
    this.#makeReady();
  };
}

/** A shorter press is a tap. */
const tapMs = 350;
const tappedForMs = 4000;

/** Whether an element has its own use for the space bar. */
function takesKeys(target: EventTarget | undefined): boolean {
  return (
    target instanceof Element &&
    target.closest("input, textarea, select, button, a, [contenteditable], dialog") !== null
  );
}

customElements.define("dw-talk", DwTalk);

declare global {
  interface HTMLElementTagNameMap {
    "dw-talk": DwTalk;
  }
}
