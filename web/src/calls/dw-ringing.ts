import { css, html, nothing } from "lit";
import { call, type PersonRinging, type QuietHours, sentence } from "../api.ts";
import { canNotify, isOwn, type PushState, subscribe, unsubscribe } from "../app/notifications.ts";
import { quietStyles } from "../devices/ring-styles.ts";
import { t } from "../language/t.ts";
import { dayOf } from "../language/times.ts";
import "../devices/dw-quiet.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";

/** How this person is rung: do not disturb, quiet hours, and notifications on devices whose page is closed. */
export class DwRinging extends HubElement {
  static override properties = {
    ...HubElement.properties,
    ringing: { state: true },
    push: { state: true },
    said: { state: true },
    wrong: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    quietStyles,
    css`
      :host {
        display: grid;
        gap: 16px;
      }
      .line {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px;
      }
      .line p {
        flex: 1 1 200px;
      }
    `,
  ];
  declare ringing: PersonRinging | undefined;
  declare push: PushState | undefined;
  declare said: string;
  declare wrong: string;

  constructor() {
    super();
    this.said = "";
    this.wrong = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#try(async () => {
      this.ringing = await call<PersonRinging>("GET", "/api/v1/ringing");
      this.push = await call<PushState>("GET", "/api/v1/push");
    });
  }

  protected override render() {
    const { ringing } = this;
    return html`
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      <label class="check"><input type="checkbox" ?disabled=${!ringing} .checked=${ringing?.doNotDisturb ?? false} @change=${(
        event: Event,
      ) =>
        this.#change({
          doNotDisturb: (event.target as HTMLInputElement).checked,
        })} /><span>${t("Do not disturb: nothing of mine rings")}</span></label>
      <h3>${t("Quiet hours")}</h3>
      <p class="help">${t("Nothing of mine rings then, by the house's clock.")}</p>
      ${ringing ? html`<dw-quiet .hours=${ringing.quiet} @dw-hours=${(event: CustomEvent<QuietHours>) => this.#change({ quiet: event.detail })}></dw-quiet>` : nothing}
      ${this.#renderPush()}
      <p class="muted" role="status">${this.said}</p>
    `;
  }

  #renderPush() {
    const { push } = this;
    if (!push) return nothing;
    if (!push.available)
      return html`<p class="muted">${t("Phones whose page is closed do not ring yet: the hub needs")} <code>push: { subject: mailto:you@example.org }</code> ${t("in its configuration.")}</p>`;
    return html`
      <h3>${t("Notifications while the page is closed")}</h3>
      ${push.subscriptions.map(
        ({ id, name, takenMs, failed }) => html`<div class="line">
          <p><strong>${name}</strong><br /><span class="muted">${failed ?? (takenMs === undefined ? t("None yet.") : t("Last one taken {day}.", { day: dayOf(takenMs, { dateStyle: "short", timeStyle: "short" }) }))}</span></p>
          <button @click=${() => this.#test(id)}>${icon("bellRing")}${t("Test")}</button>
          <button @click=${() => this.#remove(id)}>${icon("trash")}${t("Remove")}</button>
        </div>`,
      )}
      ${
        canNotify()
          ? html`<form class="line" @submit=${this.#subscribe}>
              <label><span>${t("Name of this device")}</span><input name="name" maxlength="64" required .defaultValue=${/Mobi|Android|iPhone/.test(navigator.userAgent) ? t("Phone") : t("Computer")} /></label>
              <button class="primary">${icon("bellRing")}${t("Ring this device, too")}</button>
            </form>`
          : html`<p class="muted">${t("This browser takes no notifications here. On an iPhone or iPad, add the page to the home screen first; elsewhere open the secure page.")}</p>`
      }
    `;
  }

  #change(change: Partial<PersonRinging>): Promise<void> {
    return this.#try(async () => {
      this.ringing = await call<PersonRinging>("PATCH", "/api/v1/ringing", { body: change });
    });
  }

  #subscribe = (event: SubmitEvent): void => {
    event.preventDefault();
    const name = String(new FormData(event.target as HTMLFormElement).get("name")).trim() || t("Browser");
    void this.#try(async () => {
      await subscribe(name);
      await this.#again();
    });
  };

  #test(id: string): Promise<void> {
    return this.#try(async () => {
      const path = `/api/v1/push/${encodeURIComponent(id)}/test`;
      const { state, why } = await call<{ readonly state: string; readonly why?: string }>("POST", path);
      this.said =
        state === "taken"
          ? t("It is on its way.")
          : state === "gone"
            ? t("That browser takes none any more.")
            : (why ?? "");
      await this.#again();
    });
  }

  #remove(id: string): Promise<void> {
    return this.#try(async () => {
      await call("DELETE", `/api/v1/push/${encodeURIComponent(id)}`);
      if (isOwn({ id })) await unsubscribe();
      await this.#again();
    });
  }

  async #again(): Promise<void> {
    this.push = await call<PushState>("GET", "/api/v1/push");
  }

  async #try(act: () => Promise<void>): Promise<void> {
    this.wrong = "";
    try {
      await act();
    } catch (error) {
      this.wrong = sentence(error);
    }
  }
}

customElements.define("dw-ringing", DwRinging);
