import { css, html, nothing } from "lit";
import { call, type PageDevice, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { confirmDialog, dialogStyles, showDialogs } from "../parts/confirm.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { stationGrants } from "../pure/arrival-words.ts";
import { howLong } from "../pure/words.ts";
import "./dw-handouts.ts";

/** How one device that calls the hub is let in: a new token, or none any more. For administrators. */
export class DwAccess extends HubElement {
  static override properties = {
    ...HubElement.properties,
    device: { attribute: false },
    token: { state: true },
    asking: { state: true },
    wrong: { state: true },
    busy: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    dialogStyles,
    css`
      :host {
        display: grid;
        gap: 12px;
      }
      .row button {
        min-height: 44px;
      }
    `,
  ];
  declare device: PageDevice;
  declare token: string;
  declare asking: "renew" | "revoke" | undefined;
  declare wrong: string;
  declare busy: boolean;

  constructor() {
    super();
    this.token = "";
    this.wrong = "";
    this.busy = false;
  }

  protected override updated(): void {
    showDialogs(this.renderRoot);
  }

  protected override render() {
    const { device, token, wrong, busy } = this;
    const enrolled = device.arrival?.enrolled;
    return html`
      <h2>${t("How it is let in")}</h2>
      <p class="muted">${sayAccess(device)}</p>
      ${wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${wrong}</span></div>` : nothing}
      ${this.#renderCameras()}
      <dw-handouts kind=${device.kind} device=${device.id} .name=${device.name} .token=${token} @dw-done=${() => {
        this.token = "";
      }}></dw-handouts>
      <div class="row">
        <button type="button" ?disabled=${busy} @click=${() => (enrolled ? this.#ask("renew") : void this.#renew())}>${icon("key")}${enrolled ? t("New token") : t("Make a token")}</button>
        ${enrolled ? html`<button type="button" class="danger" ?disabled=${busy} @click=${() => this.#ask("revoke")}>${icon("close")}${enrolled === "legacy" ? t("Trust its address no more") : t("Take its token away")}</button>` : nothing}
      </div>
      ${this.#renderQuestion()}
    `;
  }

  /** What a station may show; other devices have no eyes of their own. */
  #renderCameras() {
    const { device, busy } = this;
    if (device.kind !== "page" || !device.arrival?.enrolled) return nothing;
    const cameras = device.arrival.grants?.some(({ rights }) => rights.includes("view")) ?? false;
    return html`<label class="check"><input type="checkbox" .checked=${cameras} ?disabled=${busy} @change=${(
      event: Event,
    ) =>
      this.#setCameras(
        (event.target as HTMLInputElement).checked,
      )} /><span>${t("It may show and play the cameras")}<br /><span class="help">${t("Whoever stands before it sees them. Without this it only speaks and listens. Holds at once.")}</span></span></label>`;
  }

  #renderQuestion() {
    const { asking, device } = this;
    if (!asking) return nothing;
    const onClose = () => {
      this.asking = undefined;
    };
    if (asking === "renew") {
      const text = t("What it uses now counts no more, and its connection ends until it shows the new token.");
      return confirmDialog({
        title: t("New token for {name}?", { name: device.name }),
        text,
        yes: t("Make it"),
        onYes: () => void this.#renew(),
        onClose,
      });
    }
    const text = t("Its connection ends at once. When it calls again it waits to be let in.");
    return confirmDialog({
      title: t("Let {name} in no more?", { name: device.name }),
      text,
      yes: t("Take away"),
      onYes: () => void this.#revoke(),
      onClose,
    });
  }

  #ask(what: "renew" | "revoke"): void {
    this.asking = what;
  }

  async #setCameras(cameras: boolean): Promise<void> {
    const grants = stationGrants({ cameras });
    await this.#do(async () => {
      await call("PATCH", `/api/v1/arrivals/${encodeURIComponent(this.device.id)}`, { body: { grants } });
    });
  }

  async #renew(): Promise<void> {
    await this.#do(async () => {
      this.token = (await call<{ readonly token: string }>("POST", this.#path)).token;
    });
  }

  async #revoke(): Promise<void> {
    await this.#do(async () => {
      await call("DELETE", this.#path);
      this.token = "";
    });
  }

  get #path(): string {
    return `/api/v1/devices/${encodeURIComponent(this.device.id)}/token`;
  }

  async #do(action: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.wrong = "";
    try {
      await action();
    } catch (error) {
      this.wrong = sentence(error);
    } finally {
      this.busy = false;
    }
  }
}

function sayAccess({ arrival }: PageDevice): string {
  const since =
    arrival?.approvedMs === undefined ? "" : t(" for {time}", { time: howLong(Date.now() - arrival.approvedMs) });
  if (arrival?.enrolled === "token")
    return t("By its token{since}. The hub keeps only the token's fingerprint.", { since });
  if (arrival?.enrolled === "legacy") {
    return t(
      "By its address only{since}: whatever calls from there is taken for it, so it may open no door and call no emergency. A token is safer, if it can carry one.",
      { since },
    );
  }
  return t(
    "Not yet: it has no token. Make one and give it to the device, or let the device call and let it in under Devices.",
  );
}

customElements.define("dw-access", DwAccess);
