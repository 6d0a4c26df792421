import { css, html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { call, type Grant, type Right, sentence, type Token } from "../api.ts";
import { t } from "../language/t.ts";
import { dayOf } from "../language/times.ts";
import { callProven } from "../parts/dw-ask-password.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { deviceRights, hasSomewhere, rights, rightWords, sayGrants } from "../pure/rights.ts";
import { howLong } from "../pure/words.ts";

/** The person's own tokens: for programs that act in their name. A token is shown once. */
export class DwTokens extends HubElement {
  static override properties = {
    ...HubElement.properties,
    tokens: { state: true },
    fresh: { state: true },
    wrong: { state: true },
    chosen: { state: true },
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
      form {
        grid-template-columns: 1fr 1fr 160px;
        gap: 16px 8px;
        align-items: end;
      }
      form fieldset,
      form button,
      form .help {
        grid-column: 1 / -1;
      }
      form button {
        min-height: 44px;
        justify-self: start;
      }
      fieldset {
        border: 0;
        padding: 0;
        margin: 0;
        min-width: 0;
      }
      legend {
        padding: 0;
        font-size: var(--dw-13);
        font-weight: 600;
      }
      .rights {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(220px, 1fr));
        gap: 0 16px;
      }
      .rights .check {
        padding: 6px 0;
        align-items: center;
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
        padding: 8px 0;
        border-bottom: 1px solid var(--dw-line);
      }
      li > span {
        flex: 1 1 180px;
      }
      code {
        overflow-wrap: anywhere;
        user-select: all;
      }
      .good {
        display: grid;
      }
      @media (max-width: 640px) {
        form {
          grid-template-columns: 1fr;
        }
      }
    `,
  ];
  declare tokens: readonly Token[] | undefined;
  declare fresh: Token | undefined;
  declare wrong: string;
  declare chosen: ReadonlySet<Right>;

  constructor() {
    super();
    this.wrong = "";
    this.chosen = new Set<Right>(["view"]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  protected override render() {
    return html`
      <p class="muted">${t("A token lets a program do some of what you may do, without your password. Give it no more than it needs; withdraw it here at any time.")}</p>
      ${this.fresh?.token ? html`<div class="good" role="status"><strong>${t("Copy “{name}” now; it is not shown again.", { name: this.fresh.name })}</strong><code>${this.fresh.token}</code></div>` : nothing}
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      ${
        this.tokens?.length
          ? html`<ul>${this.tokens.map(
              (token) => html`<li>
                <span>${token.name}<br /><span class="muted small">${sayGrants(token.grants, (id) => this.hub.device(id)?.name)}<br />${expiry(token)}</span></span>
                <button class="ghost" @click=${() => this.#withdraw(token)} aria-label=${t("Withdraw {name}", { name: token.name })}>${icon("trash")}${t("Withdraw")}</button>
              </li>`,
            )}</ul>`
          : nothing
      }
      <form @submit=${this.#make}>
        <label><span>${t("For what")}</span><input name="name" required maxlength="64" placeholder=${t("Home Assistant")} /></label>
        ${this.#renderPlace()}
        <label><span>${t("Valid for")}</span><select name="days"><option value="30">${t("30 days")}</option><option value="365">${t("a year")}</option><option value="">${t("always")}</option></select></label>
        ${this.#renderRights()}
        <button ?disabled=${this.chosen.size === 0}>${icon("key")}${t("Make a token")}</button>
      </form>
    `;
  }

  #renderPlace() {
    const { areas, devices } = this.hub;
    return html`<label><span>${t("Where")}</span><select name="scope">
      <option value="*">${t("Everywhere")}</option>
      ${areas.map((area) => html`<option value=${`area:${area}`}>${area}</option>`)}
      ${devices.map(({ id, name }) => html`<option value=${`device:${id}`}>${name}</option>`)}
    </select></label>`;
  }

  #renderRights() {
    const person = this.hub.session?.user ?? { administrator: false, grants: [] };
    const offered = rights.filter((right) => hasSomewhere(person, right));
    return html`<fieldset><legend>${t("What it may do")}</legend><div class="rights">
      ${offered.map(
        (right) => html`<label class="check">
          <input type="checkbox" .checked=${live(this.chosen.has(right))} @change=${(event: Event) => this.#choose(right, (event.target as HTMLInputElement).checked)} />
          <span>${rightWords[right].long}</span>
        </label>`,
      )}
    </div></fieldset>`;
  }

  #choose(right: Right, on: boolean): void {
    const next = new Set(this.chosen);
    if (on) next.add(right);
    else next.delete(right);
    this.chosen = next;
  }

  /** The hub's numbers are of the hub as a whole, wherever the rest is allowed. */
  #grants(scope: string): readonly Grant[] {
    const chosen = rights.filter((right) => this.chosen.has(right));
    if (scope === "*") return [{ scope, rights: chosen }];
    const [there, hub] = [
      chosen.filter((right) => deviceRights.includes(right)),
      chosen.filter((right) => !deviceRights.includes(right)),
    ];
    return [
      { scope, rights: there },
      { scope: "*", rights: hub },
    ].filter((grant) => grant.rights.length > 0);
  }

  /** Reads the tokens again. */
  async load(): Promise<void> {
    await this.#try(async () => {
      this.tokens = (await call<{ tokens: readonly Token[] }>("GET", "/api/v1/tokens")).tokens;
    });
  }

  async #make(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const data = new FormData(form);
    const days = Number(data.get("days"));
    await this.#try(async () => {
      const grants = this.#grants(String(data.get("scope")));
      this.fresh = await callProven<Token>("POST", "/api/v1/tokens", {
        body: { name: data.get("name"), grants, ...(days ? { expiresDays: days } : {}) },
      });
      form.reset();
      this.chosen = new Set<Right>(["view"]);
      await this.load();
    });
  }

  async #withdraw({ id }: Token): Promise<void> {
    await this.#try(async () => {
      await call("DELETE", `/api/v1/tokens/${encodeURIComponent(id)}`);
      if (this.fresh?.id === id) this.fresh = undefined;
      await this.load();
    });
  }

  async #try(action: () => Promise<void>): Promise<void> {
    this.wrong = "";
    try {
      await action();
    } catch (error) {
      this.wrong = sentence(error);
    }
  }
}

function expiry({ expiresMs, lastUsedMs }: Token): string {
  const until = expiresMs
    ? t("valid until {day}", { day: dayOf(expiresMs, { dateStyle: "medium" }) })
    : t("valid until withdrawn");
  return lastUsedMs ? t("{until}, last used {time} ago", { until, time: howLong(Date.now() - lastUsedMs) }) : until;
}

customElements.define("dw-tokens", DwTokens);
