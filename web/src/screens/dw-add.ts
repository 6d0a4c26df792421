import { html, nothing } from "lit";
import { call, type DeviceForm, type PageDevice, type Probe, sentence, type TrackInfo } from "../api.ts";
import { t } from "../language/t.ts";
import { HubElement } from "../parts/hub-element.ts";
import { icon } from "../parts/icons.ts";
import { base, buttons, fields, page } from "../parts/styles.ts";
import { sayKind } from "../pure/arrival-words.ts";
import {
  type BasicsEntered,
  changedBasics,
  changedFields,
  type FormField,
  formFields,
  type SettingsSchema,
  withoutPreview,
} from "../pure/device-form.ts";
import { rights } from "../pure/rights.ts";
import { href } from "../pure/route.ts";
import { sayTrack } from "../pure/words.ts";
import "../arrivals/dw-access.ts";
import "../arrivals/dw-add-arrival.ts";
import type { DwDriverOptions } from "../devices/dw-driver-options.ts";
import type { DwRingSettings } from "../devices/dw-ring-settings.ts";
import { ringStyles } from "../devices/ring-styles.ts";
import "../player/dw-player.ts";
import type { Picked } from "../devices/dw-find.ts";
import { addStyles } from "./add-styles.ts";

/** A new device by its address, with a preview before it is saved; or, with `device`, the same form for a known one. */
export class DwAdd extends HubElement {
  static override properties = {
    ...HubElement.properties,
    device: {},
    probe: { state: true },
    probing: { state: true },
    live: { state: true },
    busy: { state: true },
    wrong: { state: true },
    unseen: { state: true },
    settings: { state: true },
    arrives: { state: true },
    refused: { state: true },
  };
  static override styles = [base, buttons, fields, page, ringStyles, addStyles];
  /** Id of the device to edit; empty for a new one. */
  declare device: string;
  declare probe: Probe | undefined;
  declare probing: boolean;
  declare live: boolean;
  declare busy: boolean;
  declare wrong: string;
  /** Why nothing is seen at the address. */
  declare unseen: string;
  /** Why the hub did not take it. */
  declare refused: unknown;
  /** A new device is one that will call the hub. */
  declare arrives: boolean;
  /** What settings there are, once the hub has told. */
  declare settings: SettingsSchema | undefined;
  #asking: AbortController | undefined;
  #asked = "";

  constructor() {
    super();
    this.device = "";
    this.probing = false;
    this.live = false;
    this.busy = false;
    this.wrong = "";
    this.unseen = "";
    this.arrives = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.device)
      void Promise.all([import("../devices/dw-ring-settings.ts"), import("../devices/dw-driver-options.ts")]);
    else void import("../devices/dw-find.ts");
    call<SettingsSchema>("GET", "/api/v1/device-settings").then(
      (settings) => {
        this.settings = settings;
      },
      (error: unknown) => {
        this.wrong = sentence(error);
      },
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#asking?.abort();
  }

  protected override render() {
    const known = this.device ? this.hub.device(this.device) : undefined;
    if (this.device && !known) return nothing;
    return html`
      <header>
        <div>
          <h1>${known ? t("Edit {name}", { name: known.name }) : t("Add a device")}</h1>
          ${known ? nothing : html`<p class="lead">${this.arrives ? t("It calls the hub by itself and shows its token whenever it does.") : t("Paste its address. What it is, is found out; you see it before you save it.")}</p>`}
        </div>
      </header>
      ${known ? nothing : this.#renderWays()}
      ${known || this.arrives || !this.hub.administrator ? nothing : html`<dw-find @dw-picked=${this.#onPicked}></dw-find>`}
      ${this.arrives && !known ? html`<dw-add-arrival .hub=${this.hub}></dw-add-arrival>` : this.#renderForm(known)}
      ${known?.arrival && this.hub.administrator ? html`<hr /><dw-access .hub=${this.hub} .device=${known}></dw-access>` : nothing}
    `;
  }

  /** Cameras are called at their address; others call. */
  #renderWays() {
    const way = (arrives: boolean, words: string) =>
      html`<button type="button" aria-pressed=${this.arrives === arrives} @click=${() => {
        this.arrives = arrives;
      }}>${words}</button>`;
    return html`<div class="ways" role="group" aria-label=${t("Who calls whom")}>${way(false, t("It has an address"))}${way(true, t("It calls the hub"))}</div>`;
  }

  #renderForm(known: PageDevice | undefined) {
    const works = this.live || known !== undefined;
    return html`<form class="two" @submit=${this.#save} autocomplete="off">
      <div class="part">
      ${known && !this.hub.administrator ? html`<p class="muted">${t("Its address and area are an administrator's to change.")}</p>` : known?.arrival ? html`<p><span class="label">${t("Kind")}</span><br />${t("{kind}: it calls the hub.", { kind: sayKind(known.kind) })}</p>` : this.#renderAddress(known)}
      </div>
      ${this.#renderPreview(known)}
      <div class="part ends">
      <div class="pair">
        <label><span>${t("Name")}</span><input name="name" required maxlength="64" placeholder=${t("Front door")} .defaultValue=${known?.name ?? ""} /></label>
        <label ?hidden=${known !== undefined && !this.hub.administrator}><span>${t("Area")}</span><input name="area" maxlength="64" list="areas" placeholder=${t("Entrance")} .defaultValue=${known?.area ?? ""} /><datalist id="areas">${this.hub.areas.map((area) => html`<option value=${area}></option>`)}</datalist></label>
      </div>
      ${known ? this.#fields(known).map(renderField) : this.#renderMore()}
      ${known ? html`<dw-ring-settings .hub=${this.hub} .device=${known} .error=${this.refused}></dw-ring-settings>` : nothing}
      ${known && this.hub.administrator && !known.arrival ? html`<dw-driver-options .device=${known.id}></dw-driver-options>` : nothing}
      ${this.wrong ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.wrong}</span></div>` : nothing}
      <div class="row">
        <button class=${works ? "primary" : ""} ?disabled=${this.busy}>${this.busy ? t("Saving") : works ? t("Save") : t("Save anyway")}</button>
        <a class="button ghost" href=${known ? href({ screen: "devices" }) : href({ screen: "wall" })}>${t("Cancel")}</a>
        ${works || this.probing ? nothing : html`<span class="help">${t("Nothing was seen of it yet.")}</span>`}
      </div>
      </div>
    </form>`;
  }

  /** What somebody who adds a device need not know yet. */
  #renderMore() {
    return html`<details @invalid=${opened}><summary>${t("More settings")}</summary>${this.#fields(undefined).map(renderField)}</details>`;
  }

  #renderAddress(known: PageDevice | undefined) {
    return html`<div class="field">
        <label for="address" class="label">${t("Address")}</label>
        <div class="address">
          <input id="address" name="address" required inputmode="url" autocapitalize="none" spellcheck="false" placeholder="rtsp://192.168.1.20/stream1" .defaultValue=${known?.address ?? ""} @change=${this.#find} @paste=${this.#onPaste} ?autofocus=${!known} />
          <button type="button" @click=${this.#find} ?disabled=${this.probing}>${this.probing ? t("Looking") : t("Look")}</button>
        </div>
        <span class="help">${t("As the camera's manual gives it;")} <code>rtsp://</code>, <code>tcp://</code> ${t("or just its number, like 192.168.1.20.")}</span>
        ${this.unseen ? html`<div class="wrong" role="alert">${icon("warn")}<span>${this.unseen}</span></div>` : nothing}
      </div>
      <div class="pair">
        <label><span>${t("User name")}</span><input name="username" autocapitalize="none" spellcheck="false" autocomplete="off" @change=${this.#find} /></label>
        <label><span>${t("Password")}</span><input name="password" type="password" autocomplete="new-password" placeholder=${known ? t("unchanged") : ""} @change=${this.#find} /></label>
      </div>`;
  }

  #renderPreview(known: PageDevice | undefined) {
    const { probe } = this;
    const shown = probe ? this.hub.device(probe.id) : known;
    const id = probe?.id ?? known?.id;
    const tracks = shown?.tracks.length ? shown.tracks : (probe?.tracks ?? []);
    return html`<section class="panel preview" aria-label=${t("Preview")}>
      ${
        id
          ? html`<dw-player src="/whep/${encodeURIComponent(id)}" muted announce .looks=${this.hub.looks} .device=${shown ?? undefined} @dw-state=${(
              event: CustomEvent<{ tone: string }>,
            ) => {
              this.live = event.detail.tone === "live";
            }}></dw-player>`
          : html`<div class="nothing">${icon("devices")}<p>${this.probing ? t("Looking at the address") : t("The picture appears here as soon as the address answers.")}</p></div>`
      }
      ${tracks.length ? this.#renderFacts(probe?.driver ?? shown?.kind ?? "", tracks, (shown?.speaker ?? probe?.speaker) !== undefined) : nothing}
    </section>`;
  }

  #renderFacts(driver: string, tracks: readonly TrackInfo[], speaker: boolean) {
    const of = (kind: string) => tracks.filter((track) => track.kind === kind).map(sayTrack);
    return html`<dl class="facts">
      <dt>${t("Kind")}</dt><dd>${driver}</dd>
      <dt>${t("Picture")}</dt><dd>${of("video").join("; ") || t("none yet")}</dd>
      <dt>${t("Sound")}</dt><dd>${of("audio").join("; ") || t("none")}</dd>
      <dt>${t("Talk")}</dt><dd>${speaker ? t("yes, it has a speaker") : t("no speaker found")}</dd>
    </dl>`;
  }

  #fields(known: PageDevice | undefined): readonly FormField[] {
    if (!this.settings) return [];
    return formFields(this.settings, { all: this.hub.administrator, values: known?.settings });
  }

  /** Settings that were changed in the form. */
  get #changes(): Readonly<Record<string, unknown>> {
    const fields = this.#fields(this.device ? this.hub.device(this.device) : undefined);
    const entered = fields.map(({ name }): readonly [string, string | boolean] => {
      const input = this.renderRoot.querySelector<HTMLInputElement>(`[name="${CSS.escape(name)}"]`);
      return [name, input?.type === "checkbox" ? input.checked : typed(input)];
    });
    return changedFields(fields, new Map(entered));
  }

  get #entered(): BasicsEntered {
    const data = new FormData(this.renderRoot.querySelector("form") ?? undefined);
    const text = (name: string) => String(data.get(name) ?? "").trim();
    return {
      name: text("name"),
      area: text("area"),
      address: withScheme(text("address")),
      username: text("username"),
      password: String(data.get("password") ?? ""),
    };
  }

  get #form(): DeviceForm {
    return Object.fromEntries(Object.entries(this.#entered).filter(([, value]) => value !== ""));
  }

  #changesOf(known: PageDevice): Readonly<Record<string, unknown>> {
    return { ...changedBasics(this.#entered, known, { all: this.hub.administrator }), ...this.#changes };
  }

  #onPaste(): void {
    setTimeout(() => void this.#find()); // The field has the text after this event.
  }

  /** A camera was found, and where its picture is: the form takes it, and the preview shows it. */
  #onPicked = ({ detail }: CustomEvent<Picked>): void => {
    for (const [name, value] of Object.entries(detail)) {
      const input = this.renderRoot.querySelector<HTMLInputElement>(`input[name="${name}"]`);
      if (input) input.value = value;
    }
    void this.#find();
    this.renderRoot.querySelector<HTMLInputElement>(`input[name="name"]`)?.focus();
  };

  #find = async (): Promise<void> => {
    const { address, username, password } = this.#form;
    if (!address) return;
    const question = JSON.stringify([address, username, password]);
    const unchanged = this.device && address === this.hub.device(this.device)?.address && !username && !password;
    if (unchanged || question === this.#asked) return;
    this.#asked = question;
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    Object.assign(this, { probing: true, wrong: "", unseen: "", probe: undefined, live: false });
    try {
      this.probe = await call<Probe>("POST", "/api/v1/probe", {
        body: { address, username, password },
        signal: asking.signal,
      });
      this.hub.learn(previewOf(this.probe));
    } catch (error) {
      if (asking.signal.aborted) return;
      this.#asked = "";
      this.unseen = withoutPreview(sentence(error));
    } finally {
      if (this.#asking === asking) this.probing = false;
    }
  };

  #save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    this.wrong = "";
    const rings = this.renderRoot.querySelector<DwRingSettings>("dw-ring-settings");
    if (rings?.check?.() === false) return;
    this.busy = true;
    try {
      const known = this.device ? this.hub.device(this.device) : undefined;
      const saved = known
        ? await call<PageDevice>("PATCH", `/api/v1/devices/${encodeURIComponent(known.id)}`, {
            body: { ...this.#changesOf(known), ...rings?.changes },
          })
        : await call<PageDevice>("POST", "/api/v1/devices", { body: { ...this.#form, ...this.#changes } });
      await this.renderRoot.querySelector<DwDriverOptions>("dw-driver-options")?.save?.();
      if (saved) this.hub.learn(saved);
      location.hash = this.device || !saved ? href({ screen: "devices" }) : href({ screen: "camera", id: saved.id });
    } catch (error) {
      this.wrong = sentence(error);
      this.refused = error;
    } finally {
      this.busy = false;
    }
  };
}

/** What is wrong in a closed part is shown. */
const opened = {
  handleEvent: ({ currentTarget }: Event) => {
    if (currentTarget instanceof HTMLDetailsElement) currentTarget.open = true;
  },
  capture: true,
};

function renderField(field: FormField) {
  const { name, label, help } = field;
  if (field.kind === "switch") {
    return html`<label class="check"><input type="checkbox" name=${name} .checked=${field.value} /><span>${label}<br /><span class="help">${help}</span></span></label>`;
  }
  return html`<label><span>${label}</span>${inputOf(field)}<span class="help">${help}</span></label>`;
}

function inputOf(field: Exclude<FormField, { readonly kind: "switch" }>) {
  const { name } = field;
  if (field.kind === "choice") {
    return html`<select name=${name}>${field.choices.map((choice) => html`<option ?selected=${choice === field.value}>${choice}</option>`)}</select>`;
  }
  if (field.kind === "text") return html`<input name=${name} .defaultValue=${field.value} />`;
  return html`<input name=${name} type="number" step="any" min=${field.min ?? nothing} max=${field.max ?? nothing} .defaultValue=${String(field.value)} />`;
}

/** People paste bare addresses; a camera's usual door is RTSP. */
function withScheme(address: string): string {
  return address === "" || /^[a-z][a-z0-9+.-]*:/i.test(address) ? address : `rtsp://${address}`;
}

function previewOf(probe: Probe): PageDevice {
  const { id, driver, state, tracks, speaker } = probe;
  return { id, name: t("Preview"), kind: driver, state, tracks, speaker, permanent: false, rights };
}

/** What was typed; blanks around it are part of a password alone. */
function typed(input: HTMLInputElement | null): string {
  const value = input?.value ?? "";
  return input?.type === "password" ? value : value.trim();
}

customElements.define("dw-add", DwAdd);
