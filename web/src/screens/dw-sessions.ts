import { css, html, nothing } from "lit";
import { call, type OwnSession, sentence } from "../api.ts";
import { t, tn } from "../language/t.ts";
import { dayOf } from "../language/times.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { sayDetail } from "../pure/audit-words.ts";
import { sayBrowser } from "../pure/browser-words.ts";
import { howLong } from "../pure/words.ts";

/** The hub notes the use of a session once a minute. */
const nowMs = 2 * 60_000;

/** Where the person is signed in, with signing out there. */
export class DwSessions extends HubElement {
  static override properties = {
    ...HubElement.properties,
    sessions: { state: true },
    said: { state: true },
    wrong: { state: true },
    busy: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    css`
      :host {
        display: grid;
        gap: 16px;
      }
      ul {
        list-style: none;
        border-top: 1px solid var(--dw-line);
      }
      li {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 12px;
        min-height: 60px;
        padding: 8px 0;
        border-bottom: 1px solid var(--dw-line);
      }
      /* What is said of a session keeps its width; the button goes below it where there is none left. */
      li > span {
        flex: 1 1 220px;
      }
      li button {
        flex: none;
      }
      .all {
        justify-self: start;
      }
    `,
  ];
  declare sessions: readonly OwnSession[] | undefined;
  declare said: string;
  declare wrong: string;
  declare busy: boolean;

  constructor() {
    super();
    this.said = "";
    this.wrong = "";
    this.busy = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  protected override render() {
    const { sessions } = this;
    const others = sessions?.filter(({ here }) => !here) ?? [];
    return html`
      <p class="muted">${t("A browser is signed out by itself after 12 hours without use, and after 30 days in any case.")}</p>
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      ${this.said ? html`<div class="good" role="status">${icon("check")}<span>${this.said}</span></div>` : nothing}
      ${sessions ? html`<ul>${sessions.map((session) => this.#renderSession(session))}</ul>` : nothing}
      ${others.length > 1 ? html`<button class="all" ?disabled=${this.busy} @click=${this.#endOthers}>${icon("signOut")}${t("Sign out everywhere else")}</button>` : nothing}
    `;
  }

  #renderSession(session: OwnSession) {
    const name = sayBrowser(session.browser);
    const since = t("since {day}", { day: dayOf(session.createdMs, { dateStyle: "medium", timeStyle: "short" }) });
    const where = session.address === undefined ? "" : `, ${sayDetail(session.address)}`;
    return html`<li>
      <span>${name}${session.here ? html` <strong>(${t("this one")})</strong>` : nothing}${session.panel ? html` <span class="muted">(${t("locked to the panel")})</span>` : nothing}<br /><span class="muted small">${since}${where}<br />${lastSeen(session)}</span></span>
      ${session.here ? nothing : html`<button class="ghost" ?disabled=${this.busy} @click=${() => this.#end(session)} aria-label=${t("Sign out there: {name}", { name })}>${icon("signOut")}${t("Sign out there")}</button>`}
    </li>`;
  }

  /** Reads the list again. */
  async load(): Promise<void> {
    await this.#try(() => this.#read());
  }

  async #read(): Promise<void> {
    this.sessions = (await call<{ sessions: readonly OwnSession[] }>("GET", "/api/v1/sessions")).sessions;
  }

  async #end({ id, browser }: OwnSession): Promise<void> {
    await this.#try(async () => {
      await call("DELETE", `/api/v1/sessions/${encodeURIComponent(id)}`);
      await this.#read();
      this.said = t("Signed out there: {name}.", { name: sayBrowser(browser) });
    });
  }

  async #endOthers(): Promise<void> {
    await this.#try(async () => {
      const { ended } = await call<{ ended: number }>("DELETE", "/api/v1/sessions");
      await this.#read();
      this.said = tn(
        ended,
        "You are signed out in {count} other browser.",
        "You are signed out in {count} other browsers.",
      );
    });
  }

  async #try(action: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.wrong = "";
    this.said = "";
    try {
      await action();
    } catch (error) {
      this.wrong = sentence(error);
    } finally {
      this.busy = false;
    }
  }
}

function lastSeen({ here, seenMs }: OwnSession): string {
  const agoMs = Date.now() - seenMs;
  return here || agoMs < nowMs ? t("in use now") : t("last used {time} ago", { time: howLong(agoMs) });
}

customElements.define("dw-sessions", DwSessions);
