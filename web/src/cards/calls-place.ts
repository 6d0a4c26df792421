/**
 * The one place of a page where calls are shown: two cards would ring twice and send the voice twice. The newest card has
 * it; when it goes, the one before has it again.
 */
export class CallsPlace extends EventTarget {
  readonly #cards: object[] = [];

  /** Takes the place until it is given back. Event `change` whenever another card has it. */
  take(card: object): Disposable {
    this.#cards.push(card);
    this.dispatchEvent(new Event("change"));
    return {
      [Symbol.dispose]: () => {
        const at = this.#cards.indexOf(card);
        if (at >= 0) this.#cards.splice(at, 1);
        this.dispatchEvent(new Event("change"));
      },
    };
  }

  /** Whether calls are shown by this card. */
  isAt(card: object): boolean {
    return this.#cards.at(-1) === card;
  }
}

/** That of this page. */
export const callsPlace = new CallsPlace();
