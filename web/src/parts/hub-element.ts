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

  /**
   * The hub that it shows is another one from now on, or none. Elements whose code is loaded later than the page stand there
   * before they are told of any.
   */
  protected follow(_hub: Hub | undefined, _before: Hub | undefined): void {}

  protected override willUpdate(_changed: PropertyValues<this>): void {
    this.#listen(this.hub);
  }

  #listen(hub: Hub | undefined): void {
    if (hub === this.#heard) return;
    this.#heard?.removeEventListener("change", this.#onChange);
    hub?.addEventListener("change", this.#onChange);
    const before = this.#heard;
    this.#heard = hub;
    this.follow(hub, before);
  }

  #onChange = (): void => this.requestUpdate();
}
