import { LitElement, type PropertyValues } from "lit";
import type { Hub } from "../app/hub.ts";

/** An element that shows something of the hub and is drawn again when that changes. */
export class HubElement extends LitElement {
  static override properties = { hub: { attribute: false } };
  declare hub: Hub;
  #heard: Hub | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listen(this.hub);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listen(undefined);
  }

  protected override willUpdate(_changed: PropertyValues<this>): void {
    this.#listen(this.hub);
  }

  #listen(hub: Hub | undefined): void {
    if (hub === this.#heard) return;
    this.#heard?.removeEventListener("change", this.#onChange);
    hub?.addEventListener("change", this.#onChange);
    this.#heard = hub;
  }

  #onChange = (): void => this.requestUpdate();
}
