/** The focus while something takes the whole page: it goes back to where it was when that is over. */
export class KeptFocus {
  #before: HTMLElement | undefined;

  /** Something takes the page; what comes after it before {@link giveBack} changes nothing. */
  keep(): void {
    this.#before ??= focused();
  }

  giveBack(): void {
    this.#before?.focus();
    this.#before = undefined;
  }
}

/** What has the focus, in whichever shadow it is. */
function focused(): HTMLElement | undefined {
  let found = document.activeElement;
  while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
  return found instanceof HTMLElement ? found : undefined;
}
