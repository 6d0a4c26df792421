import { html, LitElement, nothing, type PropertyValues } from "lit";
import { call } from "../api.ts";
import { t } from "../language/t.ts";
import {
  changedOptions,
  type DriverField,
  type DriverSchema,
  type DriverValues,
  driverFields,
} from "../pure/driver-form.ts";

/** What only this kind of device can be set to, from its driver's schema: a part of the device's form. */
export class DwDriverOptions extends LitElement {
  static override properties = { device: {}, kind: { state: true }, fields: { state: true } };
  /** Id of the device. */
  declare device: string;
  declare kind: string;
  declare fields: readonly DriverField[];

  constructor() {
    super();
    this.device = "";
    this.kind = "";
    this.fields = [];
  }

  /** Its fields look as the form's own do. */
  protected override createRenderRoot() {
    return this;
  }

  /** Not when it is connected: of an element whose code comes later than the page, the properties are known only now. */
  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("device")) return;
    // Options of one device are never shown, nor sent, for another one.
    this.fields = [];
    if (this.device) this.#load().catch(() => {}); // Without the options the rest of the form is there.
  }

  /** Sends what was changed here. Throws ApiError. */
  async save(): Promise<void> {
    const entered = this.fields.map(({ name }): readonly [string, string] => {
      const input = this.querySelector<HTMLInputElement | HTMLSelectElement>(`[data-option="${CSS.escape(name)}"]`);
      return [name, (input?.value ?? "").trim()];
    });
    const body = changedOptions(this.fields, new Map(entered));
    if (Object.keys(body).length > 0) await call("PATCH", this.#path, { body });
  }

  get #path(): string {
    return `/api/v1/devices/${encodeURIComponent(this.device)}/options`;
  }

  async #load(): Promise<void> {
    const { device } = this;
    const [{ drivers }, { kind, options }] = await Promise.all([
      call<{ drivers: readonly { readonly kind: string; readonly schema: DriverSchema }[] }>("GET", "/api/v1/drivers"),
      call<{ kind: string; options: DriverValues }>("GET", this.#path),
    ]);
    if (device !== this.device) return;
    const driver = drivers.find((one) => one.kind === kind);
    this.kind = kind;
    this.fields = driver ? driverFields(driver.schema, options) : [];
  }

  protected override render() {
    if (this.fields.length === 0) return nothing;
    return html`<details>
      <summary>${t("Only for {kind} devices", { kind: this.kind })}</summary>
      <div class="part">${this.fields.map(
        (field) =>
          html`<label><span>${field.name}</span>${inputOf(field)}<span class="help">${field.help}</span></label>`,
      )}</div>
    </details>`;
  }
}

function inputOf({ name, kind, value, choices, usual, min, max }: DriverField) {
  if (kind === "choice" || kind === "switch") {
    return html`<select data-option=${name}>
      <option value="">${usual === "" ? t("as usual") : t("as usual ({usual})", { usual })}</option>
      ${choices.map((choice) => html`<option value=${choice} ?selected=${choice === value}>${choice}</option>`)}
    </select>`;
  }
  return html`<input data-option=${name} type=${kind === "number" ? "number" : "text"} step="any" min=${min ?? nothing} max=${max ?? nothing} placeholder=${usual} .defaultValue=${value} />`;
}

customElements.define("dw-driver-options", DwDriverOptions);
