import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Hub } from "../app/hub.ts";
import { base, buttons, fields } from "../parts/styles.ts";
import { cardSentences } from "../pure/card-words.ts";
import { AwakeScreen } from "./awake-screen.ts";
import { cardStyles, cardTokens } from "./card-styles.ts";
import type { CardConfig, GridOptions, HomeAssistant } from "./home-assistant.ts";
import { type HeldHub, sharedHub } from "./shared-hub.ts";

/** A card of a dashboard: it holds the page's one hub while it is shown, and is drawn again when that changes. */
export abstract class DwCard<Config extends CardConfig> extends LitElement {
  static override properties = { config: { state: true }, hub: { state: true } };
  static override styles = [base, buttons, fields, cardTokens, cardStyles];

  declare config: Config | undefined;
  declare hub: Hub | undefined;
  #hass: HomeAssistant | undefined;
  #held: HeldHub | undefined;
  readonly #screen = new AwakeScreen();

  /** Home Assistant gives another object with each of its changes; only its theme is drawn. */
  set hass(hass: HomeAssistant) {
    this.#hass = hass;
    sharedHub().update(hass);
    this.toggleAttribute("dark", hass.themes?.darkMode ?? false);
    this.#hold();
  }

  /** Called by Home Assistant; what is thrown it shows in place of the card. */
  setConfig(config: Config): void {
    this.config = config;
  }

  getGridOptions(): GridOptions {
    return { columns: 12, rows: "auto", min_columns: 6 };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#hold();
    document.addEventListener("visibilitychange", this.#stayAwake);
    this.#stayAwake();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.#stayAwake);
    this.hub?.removeEventListener("change", this.#onChange);
    this.#held?.[Symbol.dispose]();
    this.#held = undefined;
    this.hub = undefined;
    this.#screen.want(false);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("config")) this.#stayAwake();
  }

  /** What it shows while the hub is there. */
  protected abstract renderHub(hub: Hub, config: Config): TemplateResult | typeof nothing;

  protected override render() {
    const { config, hub } = this;
    if (!config) return nothing;
    return html`<ha-card>
      ${config.title ? html`<h2>${config.title}</h2>` : nothing}
      ${this.#renderBody(hub, config)}
    </ha-card>`;
  }

  #renderBody(hub: Hub | undefined, config: Config) {
    if (!sharedHub().fits(config.hub)) return instead(cardSentences.anotherHub);
    return hub?.known ? this.renderHub(hub, config) : instead(cardSentences.waiting);
  }

  #hold(): void {
    const hass = this.#hass;
    if (!hass || !this.isConnected || this.#held) return;
    this.#held = sharedHub().hold(hass, this.config?.hub);
    this.hub = this.#held.hub;
    this.hub.addEventListener("change", this.#onChange);
    this.holdsHub(this.hub);
  }

  /** The hub is there from now on, until the card leaves the page. */
  protected holdsHub(_hub: Hub): void {}

  #onChange = (): void => this.requestUpdate();

  /** A wall tablet's screen stays on while the card is shown, where its browser allows that. */
  #stayAwake = (): void => {
    const wanted = "awake" in (this.config ?? {}) && (this.config as { readonly awake?: boolean }).awake === true;
    this.#screen.want(wanted && this.isConnected && !document.hidden);
  };
}

/** A sentence in place of what a card would show. */
export function instead(sentence: string): TemplateResult {
  return html`<p class="instead">${sentence}</p>`;
}
