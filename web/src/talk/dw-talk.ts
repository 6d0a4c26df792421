import { html, LitElement, nothing } from "lit";
import type { PageDevice, Session } from "../api.ts";
import { VoiceLine } from "../net/voice.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons } from "../parts/styles.ts";
import { keyAction, talkKey } from "../pure/keys.ts";
import { sayTalk, type TalkPhase } from "../pure/talk-words.ts";
import type { Target } from "../pure/target.ts";
import { timer } from "../pure/words.ts";
import { drawLevel } from "./meter.ts";
import { Microphone } from "./microphone.ts";
import { talkStyles } from "./talk-styles.ts";
import { Talker, type TalkLine } from "./talker.ts";

/**
 * The talk bar: hold anywhere on it, or the talk key (the space bar; attribute `hotkey`), to speak to `target`, or through one
 * `device`. Usable alone with a {@link TalkLine} as `line`.
 *
 * Events: `dw-talking` (detail: true while this person's voice is sent): whoever shows pictures then plays those softly that
 * would hear themselves.
 */
export class DwTalk extends LitElement {
  static override properties = {
    line: { attribute: false },
    target: { attribute: false },
    device: { attribute: false },
    session: { attribute: false },
    hotkey: { type: Boolean },
    large: { type: Boolean, reflect: true },
    phase: { state: true },
    openMicrophone: { state: true },
    nowMs: { state: true },
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
  declare phase: TalkPhase;
  declare openMicrophone: boolean;
  declare nowMs: number;

  #microphone = new Microphone();
  #voice = new VoiceLine({ onLost: () => this.#talker?.lineLost() });
  #talker: Talker | undefined;
  #line: TalkLine | undefined;
  #frame: number | undefined;
  #ticker: number | undefined;
  #heldAt: number | undefined;
  #urgent: number | undefined;
  #meant = "";

  constructor() {
    super();
    this.hotkey = false;
    this.large = false;
    this.phase = { phase: "ready" };
    this.openMicrophone = false;
    this.nowMs = Date.now();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("keydown", this.#onKeyDown);
    window.addEventListener("keyup", this.#onKeyUp);
    window.addEventListener("blur", this.#onBlur);
    window.addEventListener("click", this.#onAnyClick);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("keydown", this.#onKeyDown);
    window.removeEventListener("keyup", this.#onKeyUp);
    window.removeEventListener("blur", this.#onBlur);
    window.removeEventListener("click", this.#onAnyClick);
    this.stop();
    this.#microphone.close();
    this.#voice.close();
  }

  /** Ends this person's turn, open microphone or not. */
  stop(): void {
    this.openMicrophone = false;
    this.#talker?.release();
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

  protected override render() {
    const said = sayTalk(this.phase, this.#target, {
      userAgent: navigator.userAgent,
      keys: this.hotkey && matchMedia("(hover: hover)").matches,
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
      return html`<a class="button side" href=${this.session.httpsUrl}>${icon("lock")}Open secure page</a>`;
    }
    if (this.#mayInterrupt()) {
      return html`<button class="side" title="Hold for one second" @pointerdown=${this.#onUrgentDown} @pointerup=${this.#onUrgentUp} @pointerleave=${this.#onUrgentUp} @keydown=${this.#onUrgentKey} @keyup=${this.#onUrgentUp}>
        ${icon("hand")}<span>Interrupt<span class="detail">hold 1 s</span></span>
      </button>`;
    }
    if (!possible) return nothing;
    return html`<button class="side" aria-pressed=${this.openMicrophone} title="Talk without holding" @click=${this.#toggleOpen}>
      ${icon(this.openMicrophone ? "micOff" : "mic")}<span>${this.openMicrophone ? "Stop" : "Keep open"}</span>
    </button>`;
  }

  #mayInterrupt(): boolean {
    const held =
      this.phase.phase === "queued" || this.phase.phase === "refused"
        ? this.phase.holder
        : this.phase.phase === "ready"
          ? this.#target?.devices.find(({ speaker }) => speaker?.holder)?.speaker?.holder
          : undefined;
    const devices = this.#target?.devices ?? [];
    if (!held || ("priority" in held && held.priority !== 0)) return false;
    const mayPage = devices.length > 0 && devices.every(({ rights }) => rights.includes("page"));
    return (this.session?.user?.administrator ?? false) || mayPage;
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
    return this.#target?.devices.some(({ speaker }) => speaker !== undefined) ?? false;
  }

  #press(priority: 0 | 1 = 0): void {
    void this.#talker?.press(this.#to, { priority });
  }

  #release(): void {
    if (!this.openMicrophone) this.#talker?.release();
  }

  #onPhase(phase: TalkPhase): void {
    const was = this.phase.phase === "granted";
    const is = phase.phase === "granted";
    this.phase = phase;
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

  #onPointerUp(): void {
    this.#release();
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

  #onUrgentDown(): void {
    clearTimeout(this.#urgent);
    this.#urgent = window.setTimeout(() => {
      this.#talker?.release();
      this.openMicrophone = true;
      this.#press(1);
    }, 1000);
  }

  #onUrgentUp(): void {
    clearTimeout(this.#urgent);
  }

  #onUrgentKey(event: KeyboardEvent): void {
    if ((event.key === talkKey.key || event.key === "Enter") && !event.repeat) this.#onUrgentDown();
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

  #onBlur = (): void => this.#release();
}

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
