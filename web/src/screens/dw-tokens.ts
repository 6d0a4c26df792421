import { css, html, LitElement, nothing } from "lit";
import { call, sentence, type Token } from "../api.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { howLong } from "../pure/words.ts";

/** The person's own tokens: for programs that act in their name. A token is shown once. */
export class DwTokens extends LitElement {
  static override properties = { tokens: { state: true }, fresh: { state: true }, wrong: { state: true } };
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
        grid-template-columns: 1fr 160px auto;
        gap: 8px;
        align-items: end;
      }
      form button {
        min-height: 44px;
      }
      ul {
        list-style: none;
        border-top: 1px solid var(--dw-line);
      }
      li {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 12px;
        padding: 8px 0;
        border-bottom: 1px solid var(--dw-line);
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

  constructor() {
    super();
    this.wrong = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override render() {
    return html`
      <p class="muted">A token lets a program watch or talk with your rights, without your password. Withdraw it here at any time.</p>
      ${this.fresh?.token ? html`<div class="good" role="status"><strong>Copy “${this.fresh.name}” now; it is not shown again.</strong><code>${this.fresh.token}</code></div>` : nothing}
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      ${
        this.tokens?.length
          ? html`<ul>${this.tokens.map(
              (token) => html`<li>
                <span>${token.name}<br /><span class="muted small">${expiry(token)}</span></span>
                <button class="ghost" @click=${() => this.#withdraw(token)} aria-label=${`Withdraw ${token.name}`}>${icon("trash")}Withdraw</button>
              </li>`,
            )}</ul>`
          : nothing
      }
      <form @submit=${this.#make}>
        <label><span>For what</span><input name="name" required maxlength="64" placeholder="Home Assistant" /></label>
        <label><span>Valid for</span><select name="days"><option value="30">30 days</option><option value="365">a year</option><option value="">always</option></select></label>
        <button>${icon("key")}Make a token</button>
      </form>
    `;
  }

  async #load(): Promise<void> {
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
      this.fresh = await call<Token>("POST", "/api/v1/tokens", {
        body: { name: data.get("name"), ...(days ? { expiresDays: days } : {}) },
      });
      form.reset();
      await this.#load();
    });
  }

  async #withdraw({ id }: Token): Promise<void> {
    await this.#try(async () => {
      await call("DELETE", `/api/v1/tokens/${encodeURIComponent(id)}`);
      if (this.fresh?.id === id) this.fresh = undefined;
      await this.#load();
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
  const until = expiresMs ? `valid until ${new Date(expiresMs).toLocaleDateString()}` : "valid until withdrawn";
  return lastUsedMs ? `${until}, last used ${howLong(Date.now() - lastUsedMs)} ago` : until;
}

customElements.define("dw-tokens", DwTokens);
