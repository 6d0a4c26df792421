import { html, LitElement, nothing, type PropertyValues } from "lit";
import type { PageDevice, Session } from "../api.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons } from "../parts/styles.ts";
import type { DwPlayer } from "../player/dw-player.ts";
import { sayTalk, type TalkPhase } from "../pure/talk-words.ts";
import { timer } from "../pure/words.ts";
import { drawLevel } from "./meter.ts";
import { Microphone } from "./microphone.ts";
import { talkStyles } from "./talk-styles.ts";
import { Talker, type TalkLine } from "./talker.ts";

/**
 * The talk bar: hold anywhere on it, or the space bar (attribute `hotkey`), to speak through `device`. Usable alone with
 * a {@link DwPlayer} as `player` and a {@link TalkLine} as `line`.
 *
 * Events: `dw-talking` (detail: true while this person's voice is sent).
 */
export class DwTalk extends LitElement {
  static override properties = {
    player: { attribute: false },
    line: { attribute: false },
    device: { attribute: false },
    session: { attribute: false },
    duck: { type: Boolean },
    hotkey: { type: Boolean },
    large: { type: Boolean, reflect: true },
    phase: { state: true },
    openMicrophone: { state: true },
    nowMs: { state: true },
  };
  static override styles = [base, buttons, talkStyles];
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };

  declare player: DwPlayer | undefined;
  declare line: TalkLine | undefined;
  declare device: PageDevice | undefined;
  /** For the link to the secure address, and for who may interrupt. */
  declare session: Session | undefined;
  /** Play the camera softly while talking, if it does not cancel its own echo. */
  declare duck: boolean;
  declare hotkey: boolean;
  declare large: boolean;
  declare phase: TalkPhase;
  declare openMicrophone: boolean;
  declare nowMs: number;

  #microphone = new Microphone();
  #talker: Talker | undefined;
  #line: TalkLine | undefined;
  #frame: number | undefined;
  #ticker: number | undefined;
  #heldAt: number | undefined;
  #urgent: number | undefined;

  constructor() {
    super();
    this.duck = true;
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
    this.player?.removeEventListener("dw-session", this.#onSession);
    this.stop();
    this.#microphone.close();
  }

  /** Ends this person's turn, open microphone or not. */
  stop(): void {
    this.openMicrophone = false;
    this.#talker?.release();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("player")) {
      changed.get("player")?.removeEventListener("dw-session", this.#onSession);
      this.player?.addEventListener("dw-session", this.#onSession);
    }
    if (changed.has("device") && changed.get("device")?.id !== this.device?.id) {
      this.stop();
      this.#talker?.rest();
    }
    if (this.line && this.line !== this.#line) {
      this.stop();
      this.#line = this.line;
      this.#talker = new Talker({
        microphone: this.#microphone,
        line: this.line,
        onPhase: (phase) => this.#onPhase(phase),
      });
    }
  }

  protected override render() {
    const said = sayTalk(this.phase, this.device, {
      userAgent: navigator.userAgent,
      keys: this.hotkey && matchMedia("(hover: hover)").matches,
    });
    const speaking = this.phase.phase === "granted";
    const possible = this.device?.speaker !== undefined;
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
          ? this.device?.speaker?.holder
          : undefined;
    if (!held || ("priority" in held && held.priority !== 0)) return false;
    return (this.session?.user?.administrator ?? false) || (this.device?.rights.includes("page") ?? false);
  }

  get #sinceMs(): number {
    return this.phase.phase === "granted" ? this.phase.sinceMs : this.nowMs;
  }

  #press(priority: 0 | 1 = 0): void {
    const { player, device } = this;
    if (!player || !device || !this.#talker) return;
    void this.#talker.press(device.id, { way: player, priority });
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
    if (this.player) {
      this.player.keep = is || this.player.hasAttribute("keep");
      const echoes = this.device?.speaker?.echoCancelling === false;
      this.player.ducked = is && this.duck && echoes;
    }
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

  #onSession = (): void => this.#talker?.sessionLost();

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
    if ((event.key === " " || event.key === "Enter") && !event.repeat) this.#onUrgentDown();
  }

  #onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== " " || event.ctrlKey || event.altKey || event.metaKey) return;
    const [target] = event.composedPath();
    const own = target instanceof Element && target.matches(".hold") && this.renderRoot.contains(target);
    if (!own && (!this.hotkey || takesKeys(target))) return;
    event.preventDefault();
    if (!event.repeat && !this.openMicrophone && this.device?.speaker) this.#press();
  };

  #onKeyUp = (event: KeyboardEvent): void => {
    if (event.key !== " ") return;
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
