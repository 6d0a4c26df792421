import { css, html, nothing } from "lit";
import { call, type Person, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { dayOf } from "../language/times.ts";
import { confirmDialog, dialogStyles, showDialogs } from "../parts/confirm.ts";
import { callProven } from "../parts/dw-ask-password.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields, page } from "../parts/styles.ts";
import { type Grant, sayRights, scopes } from "../pure/rights.ts";
import "./dw-person.ts";

/** Who may do what where: a row for each person, a column for each area. */
export class DwPeople extends HubElement {
  static override properties = {
    ...HubElement.properties,
    users: { state: true },
    editing: { state: true },
    removing: { state: true },
    inviting: { state: true },
    wrong: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    page,
    dialogStyles,
    css`
      .scroll {
        overflow-x: auto;
      }
      table {
        width: 100%;
        border-collapse: collapse;
      }
      th,
      td {
        padding: 12px 16px;
        text-align: left;
        vertical-align: top;
        border-top: 1px solid var(--dw-line);
      }
      thead th {
        border: 0;
        font-size: var(--dw-13);
        font-weight: 600;
        color: var(--dw-muted);
        white-space: nowrap;
      }
      tbody th {
        white-space: nowrap;
        font-weight: 600;
      }
      tbody th .muted {
        display: block;
        font-weight: 400;
      }
      .none {
        color: var(--dw-muted);
      }
      td.acts {
        white-space: nowrap;
        text-align: right;
        padding: 8px;
      }
      td.acts button {
        font-size: var(--dw-13);
        padding: 0 10px;
        min-height: var(--dw-touch, 40px);
      }
      td.acts svg {
        width: 16px;
        height: 16px;
      }
      .wrong {
        margin-bottom: 16px;
      }
      @media (max-width: 640px) {
        table,
        tbody,
        tr,
        td,
        tbody th {
          display: block;
          border: 0;
        }
        thead {
          display: none;
        }
        tr {
          padding: 16px;
          border-top: 1px solid var(--dw-line);
        }
        tbody tr:first-child {
          border-top: 0;
        }
        td,
        tbody th {
          padding: 0;
        }
        td[data-label] {
          display: grid;
          grid-template-columns: 112px 1fr;
          gap: 8px;
          padding-top: 4px;
        }
        td[data-label]::before {
          content: attr(data-label);
          color: var(--dw-muted);
        }
        td.none {
          display: none;
        }
        td.acts {
          text-align: left;
          margin: 8px -10px -8px;
          padding: 0;
        }
        td.acts button {
          min-height: 44px;
        }
      }
    `,
  ];
  declare users: readonly Person[] | undefined;
  declare editing: Person | "new" | undefined;
  declare removing: Person | undefined;
  /** Who is invited, and whether the link is made at once: they were added a moment ago. */
  declare inviting: { readonly person: Person; readonly atOnce: boolean } | undefined;
  declare wrong: string;

  constructor() {
    super();
    this.wrong = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
    void import("../people/dw-invite.ts");
  }

  protected override updated(): void {
    showDialogs(this.renderRoot);
  }

  protected override render() {
    return html`
      <header>
        <div>
          <h1>${t("People")}</h1>
          <p class="lead">${t("Who may see, hear, talk and open, and where. Nobody has a right that does not stand here.")}</p>
        </div>
        <button
          class="primary"
          @click=${() => {
            this.editing = "new";
          }}
        >${icon("plus")}${t("Add a person")}</button>
      </header>
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      ${this.users ? this.#renderGrid(this.users) : nothing}
      ${
        this.editing
          ? html`<dw-person .hub=${this.hub} .user=${this.editing === "new" ? undefined : this.editing} @dw-saved=${this.#onSaved} @dw-remove=${() => {
              this.removing = this.editing === "new" ? undefined : this.editing;
              this.editing = undefined;
            }} @dw-closed=${() => {
              this.editing = undefined;
            }}></dw-person>`
          : nothing
      }
      ${
        this.removing
          ? confirmDialog({
              title: t("Remove {name}?", { name: this.removing.name }),
              text: t("They are signed out everywhere at once, and their tokens stop working."),
              yes: t("Remove"),
              onYes: () => void this.#remove(this.removing as Person),
              onClose: () => {
                this.removing = undefined;
              },
            })
          : nothing
      }
      ${this.#renderInvite()}
    `;
  }

  #renderInvite() {
    if (!this.inviting) return nothing;
    const { person, atOnce } = this.inviting;
    return html`<dw-invite .hub=${this.hub} .person=${person} .atOnce=${atOnce} @dw-closed=${() => {
      this.inviting = undefined;
      void this.#load();
    }}></dw-invite>`;
  }

  #renderGrid(users: readonly Person[]) {
    const all = users.flatMap(({ grants }) => grants);
    const columns = scopes(this.hub.areas, all, (id) => this.hub.device(id)?.name);
    return html`<div class="panel scroll"><table>
      <thead><tr><th scope="col">${t("Person")}</th>${columns.map(({ label }) => html`<th scope="col">${label}</th>`)}<th><span class="unseen">${t("Change")}</span></th></tr></thead>
      <tbody>${users.map(
        (user) => html`<tr>
          <th scope="row">${user.name}${this.#renderState(user)}</th>
          ${columns.map(({ scope, label }) => cell(user, scope, label))}
          <td class="acts">
            ${this.#isMe(user) ? nothing : html`<button class="ghost" aria-label=${t("Invite {name}", { name: user.name })} @click=${() => this.#invite(user, false)}>${icon("key")}${t("Invite")}</button>`}
            <button class="ghost" aria-label=${t("Change {name}", { name: user.name })} @click=${() => {
              this.editing = user;
            }}>${icon("edit")}${t("Change")}</button>
          </td>
        </tr>`,
      )}</tbody>
    </table></div>`;
  }

  /** What there is to know of how they get in. */
  #renderState(user: Person) {
    const { hasPassword, invitedUntilMs } = user;
    const said = this.#isMe(user)
      ? t("this is you")
      : invitedUntilMs !== undefined
        ? t("invited until {time}", { time: dayOf(invitedUntilMs, { dateStyle: "short", timeStyle: "short" }) })
        : hasPassword
          ? ""
          : t("no password yet");
    return said ? html`<span class="muted small">${said}</span>` : nothing;
  }

  #isMe({ id }: Person): boolean {
    return id === this.hub.session?.user?.id;
  }

  #invite(person: Person, atOnce: boolean): void {
    this.inviting = { person, atOnce };
  }

  async #onSaved({ detail }: CustomEvent<{ readonly invite?: Person }>): Promise<void> {
    await this.#load();
    if (detail.invite) this.#invite(detail.invite, true);
  }

  #load = async (): Promise<void> => {
    this.editing = undefined;
    try {
      this.users = (await call<{ users: readonly Person[] }>("GET", "/api/v1/users")).users;
    } catch (error) {
      this.wrong = sentence(error);
    }
  };

  async #remove(user: Person): Promise<void> {
    try {
      await callProven("DELETE", `/api/v1/users/${encodeURIComponent(user.id)}`);
      await this.#load();
    } catch (error) {
      this.wrong = sentence(error);
    }
  }
}

function cell(user: Person, scope: string, label: string) {
  if (user.administrator) {
    return scope === "*"
      ? html`<td data-label=${label}>${t("everything, as administrator")}</td>`
      : html`<td class="none"><span aria-label=${t("as everywhere")}>–</span></td>`;
  }
  const said = sayRights(user.grants.find((grant: Grant) => grant.scope === scope)?.rights ?? []);
  return said
    ? html`<td data-label=${label}>${said}</td>`
    : html`<td class="none"><span aria-label=${t("nothing")}>–</span></td>`;
}

customElements.define("dw-people", DwPeople);
