import { css, html, LitElement, nothing } from "lit";
import type { SearchAnswer, StreamsAnswer } from "../../../src/surfaces/http/routes/discovery.ts";
import { call, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields, page } from "../parts/styles.ts";
import { type Found, sayFound, sayNoPicture, saySearch } from "../pure/find-words.ts";
import { href } from "../pure/route.ts";

/** Where a camera's picture is, and by whose name: the detail of `dw-picked`. */
export interface Picked {
  readonly address: string;
  readonly username: string;
  readonly password: string;
}

const pollMs = 700;
/** So many questions in a row may fail before the search counts as lost. */
const maxUnanswered = 3;

/** Looks for cameras on the hub's own networks when somebody asks for it, and finds the picture of the one that is chosen. */
export class DwFind extends LitElement {
  static override properties = {
    search: { state: true },
    chosen: { state: true },
    asking: { state: true },
    locked: { state: true },
    wrong: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    page,
    css`
      :host {
        display: block;
        padding: 0;
        margin: 0 0 24px;
        max-width: none;
      }
      progress {
        width: 100%;
        accent-color: var(--dw-accent);
      }
      .panel {
        padding: 16px;
        display: grid;
        gap: 12px;
      }
      ul {
        list-style: none;
        margin: 0;
        padding: 0;
        display: grid;
      }
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 8px 16px;
        align-items: center;
        padding: 8px 0;
        border-top: 1px solid var(--dw-line);
      }
      li > div {
        overflow-wrap: anywhere;
      }
      form {
        grid-column: 1 / -1;
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) auto;
        gap: 12px;
        align-items: end;
      }
      li > .wrong,
      li > .note {
        grid-column: 1 / -1;
      }
      button,
      .button {
        min-height: 44px;
      }
      @media (max-width: 620px) {
        form {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];
  declare search: SearchAnswer | undefined;
  /** Address of the camera whose picture is looked for. */
  declare chosen: string;
  declare asking: boolean;
  /** It wants a user name and password. */
  declare locked: boolean;
  /** Why there is no picture, or no search. */
  declare wrong: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The search is this page's own: another's goes on when somebody leaves here. */
  #began = false;
  #unanswered = 0;

  constructor() {
    super();
    this.chosen = "";
    this.asking = false;
    this.locked = false;
    this.wrong = "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    if (this.#began && this.search?.running) this.#cancel();
  }

  protected override render() {
    const { search } = this;
    if (!search)
      return html`<div class="row"><button type="button" @click=${this.#start}>${icon("search")}<span>${t("Look for cameras on this network")}</span></button></div>
        ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}`;
    return html`<section class="panel" aria-label=${t("Cameras on this network")}>
      <div class="row">
        <span role="status">${saySearch(search)}</span>
        ${search.running ? html`<button type="button" @click=${this.#cancel}>${t("Cancel")}</button>` : html`<button type="button" class="ghost" @click=${this.#start}>${t("Look again")}</button>`}
      </div>
      ${search.running ? html`<progress max="1" .value=${search.done} aria-label=${t("How much of the network was looked at")}></progress>` : nothing}
      ${this.wrong && !this.chosen ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      ${search.found.length ? html`<ul>${search.found.map((found) => this.#renderFound(found))}</ul>` : nothing}
    </section>`;
  }

  #renderFound(found: Found) {
    const chosen = this.chosen === found.host;
    return html`<li>
      <div><strong>${sayFound(found)}</strong><br /><span class="muted">${found.host}</span></div>
      ${found.device ? html`<a class="button ghost" href=${href({ screen: "camera", id: found.device })}>${t("Added already")}</a>` : chosen ? nothing : html`<button type="button" ?disabled=${this.asking} aria-label=${t("Choose {name} at {host}", { name: sayFound(found), host: found.host })} @click=${() => this.#choose(found)}>${t("Choose")}</button>`}
      ${chosen && this.asking ? html`<div class="note" role="status">${icon("search")}<span>${t("Looking for its picture")}</span></div>` : nothing}
      ${chosen && this.wrong && !this.asking ? html`<div class="note" role="alert">${icon("key")}<span>${this.wrong}</span></div>` : nothing}
      ${chosen && this.locked ? this.#renderLogin(found) : nothing}
    </li>`;
  }

  #renderLogin(found: Found) {
    return html`<form autocomplete="off" @submit=${(event: SubmitEvent) => {
      event.preventDefault();
      const data = new FormData(event.target as HTMLFormElement);
      const [username, password] = ["username", "password"].map((name) => String(data.get(name) ?? ""));
      this.#findPicture(found, { username: username?.trim() ?? "", password: password ?? "" });
    }}>
        <label><span>${t("User name")}</span><input name="username" autocapitalize="none" spellcheck="false" autocomplete="off" /></label>
        <label><span>${t("Password")}</span><input name="password" type="password" autocomplete="new-password" /></label>
        <button class="primary" ?disabled=${this.asking}>${t("Show its picture")}</button>
      </form>`;
  }

  #start = (): void => {
    Object.assign(this, { chosen: "", wrong: "", locked: false });
    this.#began = false;
    this.#unanswered = 0;
    // The hub has one search: whoever comes while it runs looks on.
    call<SearchAnswer>("GET", "/api/v1/discovery")
      .then((search) => {
        if (search.running) return this.#see(search);
        this.#began = true;
        return call<SearchAnswer>("POST", "/api/v1/discovery").then(this.#see);
      })
      .catch(this.#fail);
  };

  #cancel = (): void => {
    call("DELETE", "/api/v1/discovery").catch(() => {}); // Its next state says whether it ended.
  };

  #askLater(): void {
    clearTimeout(this.#timer);
    if (!this.isConnected) return;
    this.#timer = setTimeout(() => {
      call<SearchAnswer>("GET", "/api/v1/discovery").then(this.#see, (error: unknown) => {
        if (++this.#unanswered < maxUnanswered) this.#askLater();
        else this.#fail(error);
      });
    }, pollMs);
  }

  #see = (search: SearchAnswer): void => {
    this.#unanswered = 0;
    this.search = search;
    if (!search.running) return;
    if (this.isConnected) this.#askLater();
    else if (this.#began) this.#cancel();
  };

  #fail = (error: unknown): void => {
    this.wrong = sentence(error);
    if (this.search) this.search = { ...this.search, running: false };
  };

  #choose(found: Found): void {
    Object.assign(this, { chosen: found.host, locked: false });
    this.#findPicture(found, { username: "", password: "" });
  }

  #findPicture(found: Found, login: Omit<Picked, "address">): void {
    Object.assign(this, { asking: true, wrong: "" });
    const { host, rtspPort, onvif, maker } = found;
    const body = { host, rtspPort, onvif, maker, ...(login.username || login.password ? login : {}) };
    call<StreamsAnswer>("POST", "/api/v1/discovery/streams", { body })
      .then(
        ({ outcome, streams }) => {
          const [best] = streams;
          // What stands in the form stays there while another try is made.
          this.locked = outcome !== "found" && outcome !== "unreachable";
          if (outcome !== "found" || !best) this.wrong = sayNoPicture(outcome === "found" ? "no-path" : outcome);
          else this.#pick({ address: best.address, ...login });
        },
        (error: unknown) => {
          this.wrong = sentence(error);
        },
      )
      .finally(() => {
        this.asking = false;
      });
  }

  #pick(detail: Picked): void {
    Object.assign(this, { chosen: "", locked: false });
    this.dispatchEvent(new CustomEvent<Picked>("dw-picked", { detail }));
  }
}

customElements.define("dw-find", DwFind);
