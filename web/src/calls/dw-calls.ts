import { css, html, nothing, type PropertyValues } from "lit";
import {
  type CallChanged,
  type CallList,
  type CallView,
  call,
  type PastCall,
  type PersonRinging,
  sentence,
} from "../api.ts";
import type { Hub } from "../app/hub.ts";
import { t } from "../language/t.ts";
import { dayOf, timeOfDay } from "../language/times.ts";
import { at } from "../net/at.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields, page } from "../parts/styles.ts";
import { dayName } from "../pure/audit-words.ts";
import { isMissed, othersIn, placeIn, sayOutcome, standsWords, talkedFor } from "../pure/call-words.ts";
import { isRoom } from "../pure/rooms.ts";
import { href } from "../pure/route.ts";

/** Somebody whom one may call. */
interface Callable {
  readonly party: string;
  readonly name: string;
  readonly deviceId?: string;
  readonly state: keyof typeof standsWords;
}

const againMs = 10_000;

/**
 * Calls: those that run, whom one may call, and what was before, the missed ones marked. With `only` (a call's id) that one.
 * Event `dw-seen` when the list was shown.
 */
export class DwCalls extends HubElement {
  static override properties = {
    ...HubElement.properties,
    only: {},
    list: { state: true },
    one: { state: true },
    callable: { state: true },
    ringing: { state: true },
    wrong: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    page,
    css`
      h2 {
        font-size: var(--dw-15);
        padding: 20px 0 8px;
      }
      ul {
        list-style: none;
      }
      .panel li {
        display: flex;
        align-items: center;
        gap: 12px;
        min-height: 64px;
        padding: 8px 16px;
      }
      .panel li + li {
        border-top: 1px solid var(--dw-line);
      }
      li p {
        flex: 1;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      li time {
        color: var(--dw-muted);
        font-variant-numeric: tabular-nums;
      }
      li img {
        width: 80px;
        height: 48px;
        object-fit: cover;
        border-radius: 4px;
        background: var(--dw-picture);
      }
      .none {
        display: grid;
        place-items: center;
        width: 80px;
        height: 48px;
        color: var(--dw-muted);
      }
      .missed strong,
      .missed .none {
        color: var(--dw-trouble);
      }
      .whom {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
      }
      .whom button {
        min-height: 56px;
        text-align: left;
        line-height: 1.25;
      }
      .whom .stands {
        font-weight: 400;
        font-size: var(--dw-13);
        color: var(--dw-muted);
      }
      .whom [data-state="away"] {
        border-style: dashed;
        color: var(--dw-muted);
      }
      .quiet[aria-pressed="true"] {
        border-color: var(--dw-waiting);
        background: var(--dw-waiting-soft);
      }
      .large {
        display: block;
        width: 100%;
        max-height: 60vh;
        object-fit: contain;
        border-radius: var(--dw-radius);
        background: var(--dw-picture);
      }
      .later {
        margin-top: 16px;
      }
    `,
  ];
  declare only: string;
  declare list: CallList | undefined;
  declare one: PastCall | undefined;
  declare callable: readonly Callable[];
  declare ringing: PersonRinging | undefined;
  declare wrong: string;
  #shown: string | undefined;
  #timer: number | undefined;

  constructor() {
    super();
    this.only = "";
    this.callable = [];
    this.wrong = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = window.setInterval(() => void this.#askCallable(), againMs);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  protected override follow(hub: Hub | undefined, before: Hub | undefined): void {
    before?.removeEventListener("call", this.#onCall);
    hub?.addEventListener("call", this.#onCall);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (this.only === this.#shown) return;
    this.#shown = this.only;
    this.one = undefined;
    void this.#load();
  }

  protected override render() {
    return html`
      <header>
        ${this.only ? html`<div class="row"><a class="button ghost icon" href="#/calls" aria-label=${t("All calls")}>${icon("back")}</a><h1>${t("Call")}</h1></div>` : html`<h1>${t("Calls")}</h1>`}
        ${this.only ? nothing : this.#renderQuiet()}
      </header>
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      ${this.only ? this.#renderOne() : this.#renderAll()}
    `;
  }

  /** Whether anything of one's own rings, and the other of the two by one tap. */
  #renderQuiet() {
    const { ringing } = this;
    if (!ringing) return nothing;
    const change = { doNotDisturb: !ringing.doNotDisturb };
    return html`<button class="quiet" aria-pressed=${ringing.doNotDisturb} @click=${() => this.#setQuiet(change)}>${icon("moon")}${ringing.doNotDisturb ? t("Nothing of yours rings") : t("Do not disturb")}</button>`;
  }

  #renderOne() {
    const { one } = this;
    if (!one) return this.wrong ? nothing : html`<p class="muted">${t("Asking the hub.")}</p>`;
    const others = othersIn(one);
    return html`
      ${one.hasSnapshot ? html`<img class="large" src=${picture(one)} alt=${t("Picture of {name}, taken when it rang", { name: one.from.name })} />` : nothing}
      <h2>${one.from.name}</h2>
      <p>${sayOutcome(one)}${talkedFor(one) ? `, ${talkedFor(one)}` : ""}</p>
      ${others && one.state !== "ended" ? html`<p>${t("In it: {others}", { others })}</p>` : nothing}
      <p class="muted">${dayOf(one.startedMs, { dateStyle: "medium", timeStyle: "short" })}</p>
      <p class="whom">${this.#renderActs(one)}</p>
    `;
  }

  #renderAll() {
    const { list } = this;
    const running = [...this.hub.calls.values()];
    return html`
      ${running.length > 0 ? html`<h2>${t("Now")}</h2><ul class="panel">${running.map((one) => this.#renderCall({ ...one, hasSnapshot: false }))}</ul>` : nothing}
      ${this.#renderWhom()}
      ${this.#renderPast()}
      ${list?.next === undefined ? nothing : html`<button class="later" @click=${this.#older}>${t("Older calls")}</button>`}
    `;
  }

  /** People and rooms, each with what hinders; who is not there stands last. */
  #renderWhom() {
    const rooms = (id: string) => this.hub.devices.some((device) => device.id === id && isRoom(device));
    const own = `person:${this.hub.session?.user?.id}`;
    const shown = this.callable.filter(({ party, deviceId }) => party !== own && (!deviceId || rooms(deviceId)));
    if (shown.length === 0) return nothing;
    const there = shown.filter(({ state }) => state !== "away");
    const away = shown.filter(({ state }) => state === "away");
    return html`<h2>${t("Call somebody")}</h2><ul class="whom">${[...there, ...away].map((one) => this.#renderCallable(one))}</ul>`;
  }

  #renderCallable({ party, name, state }: Callable) {
    const words = standsWords[state];
    return html`<li><button data-state=${state} @click=${() => this.#call(party)}>${icon(state === "quiet" ? "moon" : "phone")}<span>${name}${words ? html`<br /><span class="stands">${words}</span>` : nothing}</span></button></li>`;
  }

  #renderPast() {
    const past = this.list?.calls.filter(({ state }) => state === "ended");
    if (!past) return nothing;
    if (past.length === 0)
      return html`<h2>${t("Before")}</h2><p class="muted">${t("Nobody has called yet. When somebody rings at a door, it is listed here.")}</p>`;
    const days = Map.groupBy(past, ({ startedMs }) => dayName(startedMs, Date.now()));
    return [...days].map(
      ([day, calls]) => html`<h2>${day}</h2><ul class="panel">${calls.map((one) => this.#renderCall(one))}</ul>`,
    );
  }

  #renderCall(one: PastCall) {
    const missed = isMissed(one);
    const length = talkedFor(one);
    const name =
      one.from.party === one.you
        ? t("To {names}", { names: one.rung.map((rung) => rung.name).join(", ") })
        : one.from.name;
    return html`<li class=${missed ? "missed" : ""}>
      ${one.hasSnapshot ? html`<a href=${href({ screen: "call", id: one.id })}><img loading="lazy" src=${picture(one)} alt=${t("Picture of {name}", { name })} /></a>` : html`<span class="none">${icon(missed ? "hangUp" : "phone")}</span>`}
      <p><strong>${missed ? t("Missed: {name}", { name }) : name}</strong><br /><span class="muted">${sayOutcome(one)}${length ? `, ${length}` : ""}</span></p>
      ${this.#renderActs(one)}
      <time>${timeOf(one.startedMs)}</time>
    </li>`;
  }

  #renderActs(one: CallView) {
    if (placeIn(one) !== "others" || !one.mayAnswer) return nothing;
    const what = one.state === "ringing" ? "answer" : "join";
    return html`<button @click=${() => this.#post(`/api/v1/calls/${encodeURIComponent(one.id)}/${what}`)}>${icon("phone")}${what === "answer" ? t("Answer") : t("Join")}</button>`;
  }

  #onCall = (event: Event): void => {
    const { call: changed } = (event as CustomEvent<CallChanged>).detail;
    if (changed.state === "ended" || changed.id === this.only) void this.#load();
    else void this.#askCallable();
  };

  #call(to: string): Promise<void> {
    return this.#post("/api/v1/calls", { to });
  }

  async #post(path: string, body?: object): Promise<void> {
    this.wrong = "";
    try {
      await call("POST", path, { ...(body && { body }) });
    } catch (error) {
      this.wrong = sentence(error);
    }
  }

  async #load(): Promise<void> {
    const { only } = this;
    try {
      if (only) {
        this.one = await call<PastCall>("GET", `/api/v1/calls/${encodeURIComponent(only)}`);
        return;
      }
      this.list = await call<CallList>("GET", "/api/v1/calls");
      this.dispatchEvent(new CustomEvent("dw-seen"));
      await this.#askCallable();
      this.ringing = await call<PersonRinging>("GET", "/api/v1/ringing");
    } catch (error) {
      this.wrong = sentence(error);
    }
  }

  async #setQuiet(change: Partial<PersonRinging>): Promise<void> {
    this.wrong = "";
    try {
      this.ringing = await call<PersonRinging>("PATCH", "/api/v1/ringing", { body: change });
    } catch (error) {
      this.wrong = sentence(error);
    }
  }

  async #askCallable(): Promise<void> {
    const answer = await call<{ readonly callable: readonly Callable[] }>("GET", "/api/v1/callable").catch(
      () => undefined,
    );
    if (answer) this.callable = answer.callable;
  }

  #older = async (): Promise<void> => {
    const { list } = this;
    if (list?.next === undefined) return;
    try {
      const older = await call<CallList>("GET", `/api/v1/calls?before=${list.next}`);
      this.list = { ...older, calls: [...list.calls, ...older.calls] };
    } catch (error) {
      this.wrong = sentence(error);
    }
  };
}

function picture({ id }: CallView): string {
  return at(`/api/v1/calls/${encodeURIComponent(id)}/snapshot`);
}

function timeOf(ms: number): string {
  return timeOfDay(ms);
}

customElements.define("dw-calls", DwCalls);
