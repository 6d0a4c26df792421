import { css, html, nothing } from "lit";
import { sentence, type User, type UserForm } from "../api.ts";
import { t } from "../language/t.ts";
import { dialogStyles, showDialogs } from "../parts/confirm.ts";
import { callProven } from "../parts/dw-ask-password.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { deviceRights, type Grant, given, type Right, rightWords, scopes, withRight } from "../pure/rights.ts";

/**
 * One person's name, password and rights in a dialog. Events: `dw-saved` (detail: `invite`, somebody who was added and is to choose
 * their own password), `dw-remove`, `dw-closed`.
 */
export class DwPerson extends HubElement {
  static override properties = {
    ...HubElement.properties,
    user: { attribute: false },
    administrator: { state: true },
    grants: { state: true },
    invites: { state: true },
    busy: { state: true },
    wrong: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    dialogStyles,
    css`
      .pair {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 16px;
      }
      fieldset {
        border: 0;
        padding: 0;
        margin: 0;
      }
      .ends .danger {
        margin-right: auto;
      }
      .scroll {
        overflow-x: auto;
        margin: 0 -24px;
        padding: 0 24px;
      }
      table {
        border-collapse: collapse;
        width: 100%;
      }
      th,
      td {
        padding: 6px 8px;
        text-align: center;
      }
      thead th {
        font-size: var(--dw-13);
        color: var(--dw-muted);
        vertical-align: bottom;
      }
      tbody th {
        text-align: left;
        padding-left: 0;
        font-weight: 400;
      }
      tbody tr {
        border-top: 1px solid var(--dw-line);
      }
      td label {
        display: grid;
        place-items: center;
        min-width: 32px;
        min-height: var(--dw-touch, 32px);
        cursor: pointer;
      }
      @media (max-width: 640px) {
        .pair {
          grid-template-columns: 1fr;
        }
        /* Eight rights in 300 px: their names stand upright, and the place above its own row. */
        .rights tr {
          display: grid;
          grid-template-columns: repeat(8, 1fr);
        }
        .rights th,
        .rights td {
          padding: 0;
        }
        .rights thead td {
          display: none;
        }
        .rights thead th {
          writing-mode: vertical-rl;
          rotate: 180deg;
          text-align: left;
        }
        .rights tbody th {
          grid-column: 1 / -1;
          padding-top: 6px;
          overflow-wrap: anywhere;
        }
      }
    `,
  ];
  declare user: User | undefined;
  declare administrator: boolean;
  declare grants: readonly Grant[];
  /** Somebody new chooses their own password, by an invitation. */
  declare invites: boolean;
  declare busy: boolean;
  declare wrong: string;

  constructor() {
    super();
    this.administrator = false;
    this.grants = [];
    this.invites = true;
    this.busy = false;
    this.wrong = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.administrator = this.user?.administrator ?? false;
    this.grants = this.user?.grants ?? [{ scope: "*", rights: ["view", "listen"] }];
  }

  protected override updated(): void {
    showDialogs(this.renderRoot);
  }

  protected override render() {
    const { user } = this;
    return html`<dialog class="wide" aria-labelledby="title" @close=${() => this.dispatchEvent(new CustomEvent("dw-closed"))}>
      <h2 id="title">${user ? user.name : t("Add a person")}</h2>
      <form @submit=${this.#save}>
        <div class="pair">
          <label><span>${t("Name")}</span><input name="name" required maxlength="64" autocomplete="off" .defaultValue=${user?.name ?? ""} /></label>
          ${
            user && user.id === this.hub.session?.user?.id
              ? html`<p class="muted small">${t("Your own password is changed in")} <a href="#/settings">${t("Settings")}</a>.</p>`
              : !user && this.invites
                ? nothing
                : html`<label><span>${t("Password")}</span><input name="password" type="password" minlength="8" autocomplete="new-password" ?required=${!user} placeholder=${user ? t("unchanged") : t("at least 8 characters")} /></label>`
          }
        </div>
        ${user ? nothing : this.#renderWay()}
        <label class="check"><input type="checkbox" .checked=${this.administrator} @change=${this.#onAdministrator} /><span><strong>${t("Administrator")}</strong><br /><span class="help">${t("Everything everywhere, and may add devices and people.")}</span></span></label>
        ${this.administrator ? nothing : this.#renderGrid()}
        ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
        <div class="ends">
          ${
            user && user.id !== this.hub.session?.user?.id
              ? html`<button type="button" class="danger" @click=${() => this.dispatchEvent(new CustomEvent("dw-remove"))}>${t("Remove")}</button>`
              : nothing
          }
          <button type="button" @click=${() => this.renderRoot.querySelector("dialog")?.close()}>${t("Cancel")}</button>
          <button class="primary" ?disabled=${this.busy}>${t("Save")}</button>
        </div>
      </form>
    </dialog>`;
  }

  /** How somebody new gets in. */
  #renderWay() {
    const ways = [
      [true, t("They choose their own password, by a link or a QR code")],
      [false, t("I choose a password for them")],
    ] as const;
    return html`<fieldset><legend class="unseen">${t("How they get in")}</legend>${ways.map(
      ([invites, words]) =>
        html`<label class="check"><input type="radio" name="way" .checked=${this.invites === invites} @change=${() => {
          this.invites = invites;
        }} /><span>${words}</span></label>`,
    )}</fieldset>`;
  }

  #renderGrid() {
    const rows = scopes(this.hub.areas, this.grants, (id) => this.hub.device(id)?.name);
    return html`<div class="scroll"><table class="rights">
      <caption class="unseen">${t("Rights by place")}</caption>
      <thead><tr><td></td>${deviceRights.map((right) => html`<th scope="col" title=${rightWords[right].long}>${rightWords[right].short}</th>`)}</tr></thead>
      <tbody>${rows.map(({ scope, label }) => html`<tr><th scope="row">${label}</th>${deviceRights.map((right) => this.#renderCell(scope, label, right))}</tr>`)}</tbody>
    </table></div>
    <label class="check">
      <input type="checkbox" .checked=${given(this.grants, "*", "metrics") !== "no"} @change=${(event: Event) => this.#give("*", "metrics", event)} />
      <span>${rightWords.metrics.long}<br /><span class="help">${t("For programs that watch over the hub, such as Prometheus.")}</span></span>
    </label>`;
  }

  #renderCell(scope: string, label: string, right: Right) {
    const state = given(this.grants, scope, right);
    return html`<td><label>
      <input
        type="checkbox"
        aria-label=${`${rightWords[right].long}: ${label}`}
        title=${state === "inherited" ? t("Given everywhere") : rightWords[right].long}
        ?disabled=${state === "inherited"}
        .checked=${state !== "no"}
        @change=${(event: Event) => this.#give(scope, right, event)}
      />
    </label></td>`;
  }

  #give(scope: string, right: Right, event: Event): void {
    this.grants = withRight(this.grants, { scope, right, on: (event.target as HTMLInputElement).checked });
  }

  #onAdministrator(event: Event): void {
    this.administrator = (event.target as HTMLInputElement).checked;
  }

  async #save(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const password = String(form.get("password") ?? "");
    const { administrator, grants } = this;
    const body: UserForm = {
      name: String(form.get("name")).trim(),
      administrator,
      grants,
      ...(password ? { password } : {}),
    };
    this.busy = true;
    this.wrong = "";
    try {
      const saved = this.user
        ? await callProven<User>("PATCH", `/api/v1/users/${encodeURIComponent(this.user.id)}`, { body })
        : await callProven<User>("POST", "/api/v1/users", { body });
      const detail = !this.user && this.invites ? { invite: saved } : {};
      this.dispatchEvent(new CustomEvent("dw-saved", { detail }));
    } catch (error) {
      this.wrong = sentence(error);
    } finally {
      this.busy = false;
    }
  }
}

customElements.define("dw-person", DwPerson);
