import { html, nothing, type PropertyValues } from "lit";
import { ApiError, type BellSettings, call, type PageDevice, type QuietHours } from "../api.ts";
import { t } from "../language/t.ts";
import { HubElement } from "../parts/hub-element.ts";
import { hasBell } from "../parts/may.ts";
import { type BellDraft, bellFaults, changedBell, draftOfBell } from "../pure/bell-form.ts";
import type { RungHouse } from "../pure/bell-targets.ts";
import { isRoom } from "../pure/rooms.ts";
import "./dw-bell.ts";
import "./dw-quiet.ts";

/** What of a device's settings was changed here; null takes away. */
export interface RingChanges {
  readonly bell?: BellSettings | null;
  readonly quiet?: QuietHours | null;
}

/** How a device rings and when it is rung: a part of its form, whose fields are that form's. */
export class DwRingSettings extends HubElement {
  static override properties = {
    ...HubElement.properties,
    device: { attribute: false },
    error: { attribute: false },
    draft: { state: true },
    rings: { state: true },
    quiet: { state: true },
    people: { state: true },
    faults: { state: true },
  };
  declare device: PageDevice;
  /** Why the hub did not take the form. */
  declare error: unknown;
  declare draft: BellDraft;
  /** Whether there is a bell at all. */
  declare rings: boolean;
  declare quiet: QuietHours;
  declare people: RungHouse["people"];
  declare faults: ReadonlyMap<string, string>;
  #before: PageDevice | undefined;

  constructor() {
    super();
    this.draft = draftOfBell();
    this.rings = false;
    this.quiet = [];
    this.people = [];
    this.faults = new Map();
  }

  /** What was changed, to be sent with the device's other settings. */
  get changes(): RingChanges {
    const { settings: before } = this.#before ?? this.device;
    const now = this.device.settings;
    const changedQuiet = JSON.stringify(this.quiet) !== JSON.stringify(before?.quiet ?? []);
    const quiet = changedQuiet ? { quiet: this.quiet.length > 0 ? this.quiet : null } : {};
    if (!this.rings) return { ...quiet, ...(before?.bell && { bell: null }) };
    const bell = changedBell(this.draft, { before: before?.bell, now: now?.bell });
    const fresh = !hasBell(this.#before ?? this.device) && !bell ? {} : undefined;
    return { ...quiet, ...((bell ?? fresh) && { bell: bell ?? fresh }) };
  }

  /** Looks whether it can be saved, and shows what is wrong where it is wrong. */
  check(): boolean {
    this.faults = this.changes.bell ? bellFaults(this.draft) : new Map();
    if (this.faults.size > 0) void this.#showFault();
    return this.faults.size === 0;
  }

  protected override createRenderRoot() {
    return this;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (this.device.id !== this.#before?.id) this.#begin();
    if (changed.has("error") && this.error instanceof ApiError) {
      const own = this.error.errors.filter(({ field }) => field.startsWith("bell.") || field.startsWith("quiet"));
      this.faults = new Map(own.map(({ field, message }) => [field.replace(/^bell\./, ""), message]));
      if (own.length > 0) void this.#showFault();
    }
  }

  protected override render() {
    const { device, hub } = this;
    const station = isRoom(device) && device.kind !== "door";
    const mayRing = hub.administrator && (hasBell(device) || !station);
    return html`
      ${device.speaker || station ? this.#renderQuiet() : nothing}
      ${
        mayRing
          ? html`<section class="bell" aria-labelledby="bell-title"><h2 id="bell-title">${t("Bell")}</h2>
              ${
                device.kind === "door"
                  ? nothing
                  : html`<label class="check"><input type="checkbox" .checked=${this.rings} @change=${(
                      event: Event,
                    ) => {
                      this.rings = (event.target as HTMLInputElement).checked;
                    }} /><span>${t("Somebody can ring here")}<br /><span class="help">${t("By its own button, by a webhook, over MQTT, or from the page.")}</span></span></label>`
              }
              ${this.rings ? this.#renderBell() : nothing}
            </section>`
          : nothing
      }
    `;
  }

  #renderBell() {
    const { hub } = this;
    const house = { people: this.people, devices: hub.devices, areas: hub.areas, groups: [...hub.groups.keys()] };
    const lock = this.device.settings?.bell?.lock;
    return html`<dw-bell .device=${this.device} .devices=${hub.devices} .house=${house} .draft=${this.draft} .faults=${this.faults} @dw-draft=${(
      event: CustomEvent<BellDraft>,
    ) => {
      this.draft = event.detail;
      this.faults = new Map();
    }}></dw-bell>
    <p class="help">${lock ? t("What opens the door stands in the configuration file and stays as it is.") : this.device.kind === "door" ? t("Its own command opens the door; another lock can be set in the configuration file.") : t("A lock for this door can be set in the configuration file.")}</p>`;
  }

  #renderQuiet() {
    return html`<fieldset><legend>${t("Quiet hours")}</legend>
      <p class="help">${t("Nobody is rung here then, by the house's clock.")}</p>
      <dw-quiet .hours=${this.quiet} .wrong=${this.faults.get("quiet") ?? ""} @dw-hours=${(
        event: CustomEvent<QuietHours>,
      ) => {
        this.quiet = event.detail;
      }}></dw-quiet>
    </fieldset>`;
  }

  /** The form begins with what the device has; what comes later is what others change. */
  #begin(): void {
    this.#before = this.device;
    this.draft = draftOfBell(this.device.settings?.bell);
    this.rings = hasBell(this.device);
    this.quiet = this.device.settings?.quiet ?? [];
    this.faults = new Map();
    if (this.hub.administrator) void this.#askPeople();
  }

  async #showFault(): Promise<void> {
    await this.updateComplete;
    requestAnimationFrame(() => this.querySelector(".fault")?.scrollIntoView({ block: "center" }));
  }

  async #askPeople(): Promise<void> {
    const list = await call<{ readonly users: RungHouse["people"] }>("GET", "/api/v1/users").catch(() => undefined);
    this.people = list?.users ?? [];
  }
}

customElements.define("dw-ring-settings", DwRingSettings);
