import { html, LitElement, nothing } from "lit";
import { choiceWords, settingWords } from "../pure/card-words.ts";
import { targetChoices } from "../pure/target.ts";
import type { CardConfig, FormField, HomeAssistant } from "./home-assistant.ts";
import { type HeldHub, sharedHub } from "./shared-hub.ts";

/** A setting that some card of ours has. */
export type Setting =
  | "hub"
  | "title"
  | "device"
  | "fit"
  | "talk"
  | "urgent"
  | "priority"
  | "targets"
  | "hotkey"
  | "whole"
  | "callable"
  | "awake";

interface CardHelpers {
  createCardElement(config: object): Promise<HTMLElement> | HTMLElement;
}

interface HubEntry {
  readonly entry_id: string;
  readonly title: string;
}

/** The editor of a card's settings, by Home Assistant's own form. Event `config-changed`, as its dialogue expects. */
export class CardEditor extends LitElement {
  static override properties = { config: { state: true }, hubs: { state: true }, ready: { state: true } };
  declare config: CardConfig | undefined;
  declare hubs: readonly HubEntry[];
  declare ready: boolean;
  settings: readonly Setting[] = [];
  #hass: HomeAssistant | undefined;
  #held: HeldHub | undefined;

  constructor() {
    super();
    this.hubs = [];
    this.ready = customElements.get("ha-form") !== undefined;
  }

  set hass(hass: HomeAssistant) {
    const first = this.#hass === undefined;
    this.#hass = hass;
    if (first) void this.#load(hass);
    this.#hold();
    this.requestUpdate();
  }

  setConfig(config: CardConfig): void {
    this.config = config;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#hold();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#held?.hub.removeEventListener("change", this.#onChange);
    this.#held?.[Symbol.dispose]();
    this.#held = undefined;
  }

  protected override render() {
    if (!this.ready || !this.config) return nothing;
    return html`<ha-form
      .hass=${this.#hass}
      .data=${{ ...defaults, ...this.config }}
      .schema=${this.settings.filter((name) => name !== "hub" || this.hubs.length > 1).map((name) => this.#field(name))}
      .computeLabel=${({ name }: FormField) => settingWords[name]?.label ?? name}
      .computeHelper=${({ name }: FormField) => settingWords[name]?.help}
      @value-changed=${this.#onValue}
    ></ha-form>`;
  }

  #field(name: Setting): FormField {
    const select = (options: readonly object[], more: object = {}): FormField => {
      return { name, selector: { select: { options, mode: "dropdown", ...more } } };
    };
    const words = (...values: readonly (keyof typeof choiceWords)[]) =>
      values.map((value) => ({ value, label: choiceWords[value] }));
    const hub = this.#held?.hub;
    switch (name) {
      case "title":
        return { name, selector: { text: {} } };
      case "hub":
        return select(this.hubs.map(({ entry_id: value, title: label }) => ({ value, label })));
      case "device":
        return select((hub?.devices ?? []).map(({ id, name: label }) => ({ value: id, label })));
      case "targets": {
        const house = { devices: hub?.devices ?? [], groups: hub?.groups ?? new Map() };
        const options = targetChoices(house).map(({ to, name: label }) => ({ value: to, label }));
        return select(options, { multiple: true });
      }
      case "fit":
        return select(words("contain", "cover"));
      case "priority":
        return select(words("normal", "high"));
      default:
        return { name, selector: { boolean: {} } };
    }
  }

  #onValue(event: CustomEvent<{ readonly value: Readonly<Record<string, unknown>> }>): void {
    event.stopPropagation();
    // What is as without the setting is not written down.
    const entries = Object.entries(event.detail.value).filter(
      ([name, value]) => value !== undefined && value !== "" && value !== defaults[name as keyof typeof defaults],
    );
    this.config = Object.fromEntries(entries) as unknown as CardConfig;
    const detail = { config: this.config };
    this.dispatchEvent(new CustomEvent("config-changed", { detail, bubbles: true, composed: true }));
  }

  #hold(): void {
    if (!this.#hass || !this.isConnected || this.#held) return;
    this.#held = sharedHub().hold(this.#hass, this.config?.hub);
    this.#held.hub.addEventListener("change", this.#onChange);
  }

  /** Home Assistant loads its form with the first editor of its own that has one. */
  async #load(hass: HomeAssistant): Promise<void> {
    this.hubs = await hass.connection
      .sendMessagePromise<readonly HubEntry[]>({ type: "doorward/hubs" })
      .catch((): readonly HubEntry[] => []);
    const { loadCardHelpers } = window as unknown as { readonly loadCardHelpers?: () => Promise<CardHelpers> };
    if (!this.ready && loadCardHelpers) {
      const card = await (await loadCardHelpers()).createCardElement({ type: "entities", entities: [] });
      await (card.constructor as { getConfigElement?: () => Promise<unknown> }).getConfigElement?.();
      await customElements.whenDefined("ha-form");
    }
    this.ready = true;
  }

  #onChange = (): void => this.requestUpdate();
}

const defaults = {
  fit: "contain",
  talk: true,
  urgent: true,
  priority: "normal",
  hotkey: false,
  whole: false,
  callable: false,
  awake: false,
} as const;

/** An editor of these settings. */
export function makeEditor(settings: readonly Setting[]): CardEditor {
  const editor = document.createElement("doorward-card-editor") as CardEditor;
  editor.settings = settings;
  return editor;
}

customElements.define("doorward-card-editor", CardEditor);
