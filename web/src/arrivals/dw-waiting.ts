import { css, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { call, type PageDevice, sentence, type Waiting } from "../api.ts";
import { t } from "../language/t.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { Seconds } from "../parts/seconds.ts";
import { base, buttons, fields, page } from "../parts/styles.ts";
import { nameFromId, sayKind, stationGrants } from "../pure/arrival-words.ts";
import { howLong } from "../pure/words.ts";
import "./dw-handouts.ts";

interface Fresh {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly token: string;
}

/** "Waiting to be let in": devices that call the hub and are unknown; nothing while there are none. */
export class DwWaiting extends HubElement {
  static override properties = {
    ...HubElement.properties,
    fresh: { state: true },
    wrong: { state: true },
    busy: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    page,
    css`
      :host {
        display: grid;
        gap: 12px;
        padding: 0;
        margin: 0 0 24px;
        max-width: none;
      }
      :host([idle]) {
        display: none;
      }
      ul {
        list-style: none;
      }
      li {
        padding: 16px;
        border-left: 4px solid var(--dw-waiting);
      }
      li + li {
        border-top: 1px solid var(--dw-line);
      }
      li p {
        color: var(--dw-muted);
        font-size: var(--dw-13);
        overflow-wrap: anywhere;
      }
      form {
        grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) auto;
        gap: 8px 12px;
        align-items: end;
        margin-top: 12px;
      }
      form .row {
        flex-wrap: nowrap;
      }
      form .row button {
        min-height: 44px;
      }
      form .check {
        grid-column: 1 / -1;
        padding: 4px 0 0;
      }
      @media (max-width: 860px) {
        form {
          grid-template-columns: minmax(0, 1fr);
        }
        form .row button {
          flex: 1;
        }
        form .check {
          grid-row: 3;
        }
      }
    `,
  ];
  declare fresh: Fresh | undefined;
  declare wrong: string;
  /** Id of the one that is being let in or refused. */
  declare busy: string;
  readonly #seconds = new Seconds(this);

  constructor() {
    super();
    this.wrong = "";
    this.busy = "";
  }

  protected override render() {
    const { waiting } = this.hub;
    const { fresh, wrong } = this;
    this.toggleAttribute("idle", waiting.length === 0 && !fresh && !wrong);
    return html`
      ${wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${wrong}</span></div>` : nothing}
      ${
        fresh
          ? html`<dw-handouts kind=${fresh.kind} device=${fresh.id} .name=${fresh.name} .token=${fresh.token} @dw-done=${() => {
              this.fresh = undefined;
            }}></dw-handouts>`
          : nothing
      }
      ${
        waiting.length > 0
          ? html`<h2>${t("Waiting to be let in")}</h2>
              <ul class="panel">${repeat(
                waiting,
                ({ id }) => id,
                (one) => this.#renderOne(one),
              )}</ul>`
          : nothing
      }
    `;
  }

  #renderOne(one: Waiting) {
    const { id, kind, address, sinceMs, name = nameFromId(id) } = one;
    const busy = this.busy === id;
    return html`<li>
      <strong>${id}</strong>
      <p>${t("{kind} at {address}, for {time}. Let it in only if you know whose it is.", { kind: sayKind(kind), address, time: howLong(this.#seconds.nowMs - sinceMs) })}</p>
      <form @submit=${(event: SubmitEvent) => this.#approve(event, one)} autocomplete="off">
        <label><span>${t("Name")}</span><input name="name" required maxlength="64" .defaultValue=${name} /></label>
        <label><span>${t("Area")}</span><input name="area" maxlength="64" list="areas" placeholder=${t("none")} /><datalist id="areas">${this.hub.areas.map((area) => html`<option value=${area}></option>`)}</datalist></label>
        <div class="row">
          <button class="primary" ?disabled=${busy}>${icon("check")}${t("Let in")}</button>
          <button type="button" ?disabled=${busy} @click=${() => this.#refuse(one)}>${icon("close")}${t("Refuse")}</button>
        </div>
        ${
          kind === "page"
            ? html`<label class="check"><input type="checkbox" name="cameras" /><span>${t("It may show and play the cameras")}<br /><span class="help">${t("Whoever stands before it sees them. Without this it only speaks and listens.")}</span></span></label>`
            : html`<label class="check"><input type="checkbox" name="legacy" /><span>${t("It cannot carry a token")}<br /><span class="help">${t("Trusts whatever calls from {address}; it may then open no door and call no emergency.", { address })}</span></span></label>`
        }
      </form>
    </li>`;
  }

  async #approve(event: SubmitEvent, { id, kind, address }: Waiting): Promise<void> {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const name = String(data.get("name") ?? "").trim();
    const area = String(data.get("area") ?? "").trim();
    await this.#do(id, async () => {
      const { device, token } = await call<{ readonly device?: PageDevice; readonly token?: string }>(
        "POST",
        `/api/v1/arrivals/${encodeURIComponent(id)}`,
        {
          body: {
            name,
            address,
            ...(area && { area }),
            ...(data.has("legacy") && { legacy: true }),
            ...(data.has("cameras") && { grants: stationGrants({ cameras: true }) }),
          },
        },
      );
      if (device) this.hub.learn(device);
      this.fresh = token ? { id, kind, token, name } : undefined;
    });
  }

  async #refuse({ id }: Waiting): Promise<void> {
    await this.#do(id, () => call("DELETE", `/api/v1/arrivals/${encodeURIComponent(id)}`));
  }

  async #do(id: string, action: () => Promise<unknown>): Promise<void> {
    this.busy = id;
    this.wrong = "";
    try {
      await action();
    } catch (error) {
      this.wrong = sentence(error);
    } finally {
      this.busy = "";
    }
  }
}

customElements.define("dw-waiting", DwWaiting);
