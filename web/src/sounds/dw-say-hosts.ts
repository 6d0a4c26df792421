import { css, html, LitElement, nothing } from "lit";
import { call, type SayHostList, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { sayOffer } from "../pure/sound-words.ts";

const address = "/api/v1/say/hosts";
/** How one is written. */
const example = "http://homeassistant.local:8123";

/** Where sounds may be fetched from, for administrators: what is listed, and what others offer. */
export class DwSayHosts extends LitElement {
  static override properties = { list: { state: true }, busy: { state: true }, wrong: { state: true } };
  static override styles = [
    base,
    buttons,
    fields,
    css`
      :host {
        display: grid;
        gap: 12px;
      }
      ul {
        list-style: none;
        padding: 0;
        margin: 0;
      }
      li,
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 8px;
        align-items: center;
      }
      form {
        align-items: start;
      }
      form button {
        margin-top: 24px;
      }
      li {
        padding: 4px 0;
        overflow-wrap: anywhere;
      }
      .offer {
        display: grid;
        gap: 8px;
        padding: 12px 16px;
        border-left: 4px solid var(--dw-waiting);
        background: var(--dw-waiting-soft);
        overflow-wrap: anywhere;
      }
      .offer div {
        display: flex;
        gap: 8px;
      }
    `,
  ];
  declare list: SayHostList | undefined;
  declare busy: boolean;
  declare wrong: string;

  constructor() {
    super();
    this.busy = false;
    this.wrong = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#do("GET", address);
  }

  protected override render() {
    const { hosts = [], offers = [] } = this.list ?? {};
    return html`
      <h3>${t("Sounds from other machines")}</h3>
      <p class="muted">${t("The hub fetches sounds from these addresses only, for whoever may talk: speech of Home Assistant, say.")}</p>
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      ${offers.map(
        (offer) => html`<div class="offer"><span>${sayOffer(offer)}</span><div>
          <button class="primary" ?disabled=${this.busy} @click=${() => this.#add(offer.host)}>${icon("check")}${t("Allow")}</button>
          <button ?disabled=${this.busy} @click=${() => this.#remove(offer.host)}>${icon("close")}${t("Refuse")}</button>
        </div></div>`,
      )}
      ${this.list && hosts.length === 0 ? html`<p>${t("None: nothing is fetched from anywhere.")}</p>` : nothing}
      <ul>${hosts.map(
        ({ host, configured }) =>
          html`<li><span>${host}</span>${
            configured
              ? html`<span class="muted small">${t("in the configuration file")}</span>`
              : html`<button class="ghost icon" aria-label=${t("Take {host} out", { host })} title=${t("Take out")} ?disabled=${this.busy} @click=${() => this.#remove(host)}>${icon("trash")}</button>`
          }</li>`,
      )}</ul>
      <form @submit=${this.#submit} autocomplete="off">
        <label><span>${t("Address")}</span><input name="host" required maxlength="280" placeholder=${example} /><span class="help">${t("With the scheme and the port, as in a browser; without a path.")}</span></label>
        <button ?disabled=${this.busy}>${icon("plus")}${t("Allow")}</button>
      </form>
    `;
  }

  #submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    if (await this.#add(String(new FormData(form).get("host") ?? ""))) form.reset();
  };

  #add(host: string): Promise<boolean> {
    return this.#do("POST", address, { host });
  }

  #remove(host: string): void {
    void this.#do("DELETE", `${address}?host=${encodeURIComponent(host)}`);
  }

  async #do(method: string, path: string, body?: unknown): Promise<boolean> {
    this.busy = true;
    this.wrong = "";
    try {
      this.list = await call<SayHostList>(method, path, { body });
      return true;
    } catch (error) {
      this.wrong = sentence(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}

customElements.define("dw-say-hosts", DwSayHosts);
