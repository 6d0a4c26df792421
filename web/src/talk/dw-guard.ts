import { css, html, LitElement, nothing } from "lit";
import { t } from "../language/t.ts";
import { type IconName, icon } from "../parts/icons.ts";
import { base, buttons } from "../parts/styles.ts";
import { talkKey } from "../pure/keys.ts";

const holdMs = 1000;
const twiceMs = 5000;

/**
 * A button for what must not happen by accident: it is held for one second, and a ring shows how long that still is. Who
 * cannot hold (screen readers, switches) presses it twice.
 *
 * Events: `dw-armed` (detail: true while it is held, false when it was pressed twice), `dw-let-go` after it was held.
 */
export class DwGuard extends LitElement {
  static override properties = {
    label: {},
    hint: {},
    icon: {},
    calm: { type: Boolean, reflect: true },
    holding: { type: Boolean, reflect: true },
    armed: { state: true },
    asked: { state: true },
  };
  static override styles = [
    base,
    buttons,
    css`
      :host {
        display: grid;
        flex: none;
        width: 96px;
      }
      button {
        flex-direction: column;
        gap: 4px;
        padding: 8px 4px;
        font-size: var(--dw-13, 0.8125rem);
        line-height: 1.25;
        white-space: normal;
        hyphens: auto;
        overflow-wrap: anywhere;
        text-align: center;
        touch-action: none;
        user-select: none;
        -webkit-user-select: none;
        -webkit-touch-callout: none;
        border-color: var(--dw-trouble);
        color: var(--dw-trouble);
      }
      .ring {
        position: relative;
        display: grid;
        place-items: center;
        width: 32px;
        height: 32px;
      }
      .ring svg:last-child {
        position: absolute;
        inset: 0;
        width: 32px;
        height: 32px;
        stroke-width: 2.5;
        rotate: -90deg;
      }
      circle {
        stroke-dasharray: 1;
        stroke-dashoffset: 1;
      }
      :host([holding]) circle {
        stroke-dashoffset: 0;
        transition: stroke-dashoffset 1s linear;
      }
      .hint {
        display: block;
        font-weight: 400;
        color: var(--dw-muted, #585d64);
      }
      :host([holding]) button {
        background: var(--dw-trouble-soft);
      }
      :host([calm]) button {
        flex-direction: row;
        gap: 12px;
        min-height: 56px;
        font-size: var(--dw-15);
        border-color: var(--dw-control);
        color: var(--dw-text);
        text-align: left;
      }
      :host([calm][holding]) button {
        border-color: var(--dw-accent);
        background: var(--dw-accent-soft);
      }
      /* Beside the picture of a phone on its side. */
      @media (orientation: landscape) and (max-height: 520px) {
        button {
          flex-direction: row;
          gap: 8px;
          min-height: 56px;
        }
      }
      @media (max-width: 480px) {
        :host {
          width: 84px;
        }
        button {
          padding: 8px 0;
        }
      }
    `,
  ];

  declare label: string;
  /** What the press does, for the tooltip and screen readers. */
  declare hint: string;
  declare icon: IconName;
  /** It is no emergency: in the colours of other buttons, in one line. */
  declare calm: boolean;
  declare holding: boolean;
  declare armed: boolean;
  declare asked: boolean;
  #timer: number | undefined;
  #heldAt = 0;

  constructor() {
    super();
    this.label = "";
    this.hint = "";
    this.icon = "warn";
    this.calm = false;
    this.holding = false;
    this.armed = false;
    this.asked = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("blur", this.#up);
    document.addEventListener("visibilitychange", this.#up);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("blur", this.#up);
    document.removeEventListener("visibilitychange", this.#up);
    this.#up();
  }

  protected override render() {
    return html`<button
      title=${this.hint}
      aria-description=${t("{hint} Hold for one second, or press twice.", { hint: this.hint })}
      @pointerdown=${this.#onPointerDown}
      @pointerup=${this.#up}
      @pointercancel=${this.#up}
      @lostpointercapture=${this.#up}
      @contextmenu=${(event: Event) => event.preventDefault()}
      @keydown=${this.#onKey}
      @keyup=${this.#onKeyUp}
      @click=${this.#onClick}
    >
      <span class="ring">${icon(this.icon)}<svg viewBox="0 0 32 32" aria-hidden="true"><circle cx="16" cy="16" r="14.5" pathLength="1"></circle></svg></span>
      <span>${this.label}<span class="hint">${this.asked ? t("press again") : t("hold 1 s")}</span></span>
      ${this.asked ? html`<span class="unseen" role="alert">${t("Press again to do it.")}</span>` : nothing}
    </button>`;
  }

  #onPointerDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.#down();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key !== talkKey.key && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) this.#down();
  }

  #onKeyUp(event: KeyboardEvent): void {
    event.preventDefault();
    this.#up();
  }

  #down(): void {
    if (this.holding) return;
    this.holding = true;
    this.#heldAt = performance.now();
    this.#timer = window.setTimeout(() => {
      this.armed = true;
      this.#tell("dw-armed", true);
    }, holdMs);
  }

  #up = (): void => {
    if (!this.holding) return;
    clearTimeout(this.#timer);
    this.holding = false;
    if (!this.armed) return;
    this.armed = false;
    this.#tell("dw-let-go", true);
  };

  /** A click that no pointer or key has made: it cannot be held. */
  #onClick(event: MouseEvent): void {
    if (event.detail > 0 || performance.now() - this.#heldAt < 500) return;
    if (this.asked) {
      this.asked = false;
      this.#tell("dw-armed", false);
      return;
    }
    this.asked = true;
    window.setTimeout(() => {
      this.asked = false;
    }, twiceMs);
  }

  #tell(name: "dw-armed" | "dw-let-go", detail: boolean): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

customElements.define("dw-guard", DwGuard);
