import { css, html, nothing, type PropertyValues } from "lit";
import { call, sentence } from "../api.ts";
import type { Hub } from "../app/hub.ts";
import { icon } from "../parts/icons.ts";
import { placeIn } from "../pure/call-words.ts";
import { cardSentences, labels, sayRingsHere } from "../pure/card-words.ts";
import { callsPlace } from "./calls-place.ts";
import type { DoorwardOver } from "./doorward-over.ts";
import { DwCard } from "./dw-card.ts";
import { type CardEditor, makeEditor } from "./editor.ts";
import type { CardConfig } from "./home-assistant.ts";
import { RingsHereWatch } from "./rings-here.ts";
import "../calls/dw-calling.ts";
import "./doorward-over.ts";

/** Settings of {@link DoorwardCall}. */
export interface CallConfig extends CardConfig {
  /** A call fills the screen, whatever the dashboard shows. */
  readonly whole?: boolean;
  /** Lists whom one may call. */
  readonly callable?: boolean;
  readonly awake?: boolean;
}

/** Who can be called changes little; it is asked for when something else changes. */
const againMs = 10_000;

interface Callable {
  readonly party: string;
  readonly name: string;
  readonly state: string;
}

/** Who rings, and the call in which one is; in between whether this browser would ring, and whom one may call. */
export class DoorwardCall extends DwCard<CallConfig> {
  static override properties = { ...DwCard.properties, callable: { state: true }, wrong: { state: true } };
  static override styles = [
    ...DwCard.styles,
    css`
      .idle {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 8px 16px;
      }
      .badge {
        min-height: 36px;
        padding: 0 12px;
        border-radius: 18px;
        font-size: var(--dw-13);
      }
      .badge[data-how="rings"] {
        color: var(--dw-live);
      }
      .badge:is([data-how="silent"], [data-how="quiet"]) {
        border-color: var(--dw-waiting);
        background: var(--dw-waiting-soft);
      }
      .badge[data-how="offline"] {
        color: var(--dw-trouble);
      }
      .whom {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
      }
      .whom button {
        min-height: 48px;
      }
    `,
  ];
  declare callable: readonly Callable[];
  declare wrong: string;
  #rings: RingsHereWatch | undefined;
  #place: Disposable | undefined;
  #over: DoorwardOver | undefined;

  constructor() {
    super();
    this.callable = [];
    this.wrong = "";
  }

  static getConfigElement(): CardEditor {
    return makeEditor(["title", "callable", "whole", "awake", "hub"]);
  }

  static getStubConfig(): Omit<CallConfig, "type"> {
    return {};
  }

  getCardSize(): number {
    return 2;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#place ??= callsPlace.take(this);
    callsPlace.addEventListener("change", this.#onPlace);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    callsPlace.removeEventListener("change", this.#onPlace);
    this.#place?.[Symbol.dispose]();
    this.#place = undefined;
    this.#rings?.[Symbol.dispose]();
    this.#rings = undefined;
    this.#over?.remove();
    this.#over = undefined;
  }

  protected override holdsHub(hub: Hub): void {
    this.#rings ??= new RingsHereWatch(hub, this.#onPlace);
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    this.#drawOver();
    if (this.config?.callable && this.hub?.known && Date.now() - this.#askedMs > againMs) void this.#askCallable();
  }

  protected override renderHub(hub: Hub, config: CallConfig) {
    if (!callsPlace.isAt(this)) return html`<div class="body">${this.#renderIdle(cardSentences.elsewhere)}</div>`;
    const busy = [...hub.calls.values()].some((one) => placeIn(one) !== "others");
    // It stands there also while nobody rings: it says what became of the last call.
    return html`${config.whole ? nothing : html`<dw-calling inline .hub=${hub}></dw-calling>`}
      ${busy && !config.whole ? nothing : html`<div class="body">${this.#renderIdle(cardSentences.nobody)}${this.#renderWhom()}</div>`}`;
  }

  #renderIdle(said: string) {
    const how = this.#rings?.now ?? "offline";
    const { short, long } = sayRingsHere(how);
    return html`<div class="idle"><span class="muted">${said}</span><button class="badge" data-how=${how} title=${long} aria-label=${long} @click=${() => this.#rings?.allow()}>${icon(how === "rings" ? "bellRing" : how === "quiet" ? "moon" : "soundOff")}${short}</button></div>
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}`;
  }

  #renderWhom() {
    const { callable, config, hub } = this;
    const own = `person:${hub?.session?.user?.id}`;
    const isOther = ({ party }: Callable) => party !== own && !party.includes("/");
    const there = config?.callable ? callable.filter((one) => one.state === "free" && isOther(one)) : [];
    if (there.length === 0) return nothing;
    return html`<div class="whom" role="group" aria-label=${labels.callSomebody}>${there.map(({ party, name }) => html`<button @click=${() => this.#call(party)}>${icon("phone")}${name}</button>`)}</div>`;
  }

  #drawOver(): void {
    const wanted = this.config?.whole === true && this.hub !== undefined && callsPlace.isAt(this);
    if (!wanted) {
      this.#over?.remove();
      this.#over = undefined;
      return;
    }
    this.#over ??= document.body.appendChild(document.createElement("doorward-over") as DoorwardOver);
    if (this.hub) this.#over.hub = this.hub;
    this.#over.toggleAttribute("dark", this.hasAttribute("dark"));
  }

  #askedMs = 0;

  async #askCallable(): Promise<void> {
    this.#askedMs = Date.now();
    const path = "/api/v1/callable";
    const answer = await call<{ readonly callable: readonly Callable[] }>("GET", path).catch(() => undefined);
    if (answer) this.callable = answer.callable;
  }

  async #call(to: string): Promise<void> {
    this.wrong = "";
    try {
      await call("POST", "/api/v1/calls", { body: { to } });
    } catch (error) {
      this.wrong = sentence(error);
    }
  }

  #onPlace = (): void => this.requestUpdate();
}

customElements.define("doorward-call", DoorwardCall);
