import { css, html, nothing } from "lit";
import { type AuditEntry, call, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { timeOfDay } from "../language/times.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields, page } from "../parts/styles.ts";
import {
  type AuditKind,
  dayName,
  isOfKind,
  sayAudit,
  sayDetail,
  sayNames,
  togetherInHistory,
} from "../pure/audit-words.ts";

const pageSize = 50;

/** Who did what and when, newest first. */
export class DwEvents extends HubElement {
  static override properties = {
    ...HubElement.properties,
    entries: { state: true },
    more: { state: true },
    search: { state: true },
    kind: { state: true },
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
      li {
        display: grid;
        grid-template-columns: 72px 1fr;
        gap: 4px 16px;
        padding: 10px 16px;
      }
      li + li {
        border-top: 1px solid var(--dw-line);
      }
      time {
        color: var(--dw-muted);
        font-variant-numeric: tabular-nums;
      }
      li p {
        grid-column: 2;
        overflow-wrap: anywhere;
      }
      header select {
        width: auto;
        margin-left: auto;
      }
      .search {
        width: min(280px, 100%);
      }
      @media (max-width: 640px) {
        header select,
        .search {
          flex: 1 1 160px;
          width: auto;
          margin: 0;
        }
      }
      .later {
        margin-top: 16px;
      }
    `,
  ];
  declare entries: readonly AuditEntry[] | undefined;
  declare more: boolean;
  declare search: string;
  declare kind: AuditKind;
  declare wrong: string;

  constructor() {
    super();
    this.more = false;
    this.search = "";
    this.kind = "all";
    this.wrong = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override render() {
    const wanted = this.search.toLowerCase();
    const chosen = (this.entries ?? []).filter(({ action }) => isOfKind(action, this.kind));
    const former = new Map(chosen.map(({ subject = "", subjectName }) => [subject, subjectName]));
    const entries = togetherInHistory(chosen)
      .map(({ entry, subjects }) => {
        const names = subjects.map((subject) => this.hub.device(subject)?.name ?? former.get(subject) ?? subject);
        return { ...entry, text: sayAudit({ ...entry, subject: sayNames(names) }) };
      })
      .filter(({ text, detail }) => `${text} ${detail ?? ""}`.toLowerCase().includes(wanted));
    const days = Map.groupBy(entries, ({ atMs }) => dayName(atMs, Date.now()));
    return html`
      <header>
        <h1>${t("Events")}</h1>
        <select aria-label=${t("Kind of events")} @change=${(event: Event) => {
          this.kind = (event.target as HTMLSelectElement).value as AuditKind;
        }}>
          <option value="all">${t("Everything")}</option>
          <option value="talk">${t("Talk, calls and doors")}</option>
          <option value="watching">${t("Who watched")}</option>
          <option value="changes">${t("Sign-ins and changes")}</option>
        </select>
        <div class="search"><input type="search" placeholder=${t("Search")} aria-label=${t("Search events")} @input=${(
          event: Event,
        ) => {
          this.search = (event.target as HTMLInputElement).value;
        }} /></div>
      </header>
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      ${
        this.entries && entries.length === 0
          ? html`<div class="panel empty"><h2>${this.search || this.kind !== "all" ? t("Nothing fits") : t("Nothing happened yet")}</h2><p>${this.search || this.kind !== "all" ? t("Try another word or another kind.") : t("Who signs in, watches, listens, talks or changes something is written down here.")}</p></div>`
          : [...days].map(
              ([day, list]) =>
                html`<section><h2>${day}</h2><ul class="panel">${list.map((entry) => line(entry, (id) => this.hub.device(id)?.name))}</ul></section>`,
            )
      }
      ${this.more ? html`<button class="later" @click=${this.#load}>${t("Show earlier ones")}</button>` : nothing}
    `;
  }

  #load = async (): Promise<void> => {
    const last = this.entries?.at(-1);
    try {
      const before = last ? `&before=${last.id}` : "";
      const { entries } = await call<{ entries: readonly AuditEntry[] }>(
        "GET",
        `/api/v1/audit?limit=${pageSize}${before}`,
      );
      this.entries = [...(this.entries ?? []), ...entries];
      this.more = entries.length === pageSize;
    } catch (error) {
      this.wrong = sentence(error);
    }
  };
}

function line(entry: AuditEntry & { readonly text: string }, nameOf: (id: string) => string | undefined) {
  const time = new Date(entry.atMs);
  return html`<li>
    <time datetime=${time.toISOString()}>${timeOfDay(time)}</time>
    <span>${entry.text}</span>
    ${entry.detail ? html`<p class="muted small">${sayDetail(entry.detail, nameOf)}</p>` : nothing}
  </li>`;
}

customElements.define("dw-events", DwEvents);
