import type { PageMessage } from "../api.ts";

/**
 * Which devices this page looks at, counted, and told to the hub: it then wants them by itself, and the page has nothing to
 * ask for until the hub says that something changed.
 */
export class Looks {
  readonly #counts = new Map<string, number>();
  readonly #send: (message: PageMessage) => boolean;
  #planned = false;

  constructor(send: (message: PageMessage) => boolean) {
    this.#send = send;
  }

  /** A picture of the device (`yard`), or its small one (`yard/sub`), is looked for until the handle is disposed. */
  look(id: string): Disposable {
    this.#count(id, 1);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#count(id, -1);
        held = false;
      },
    };
  }

  /** Has a device in trouble tried at once. */
  tryNow(id: string): void {
    const ids = [...this.#counts.keys()];
    this.#send({ type: "watch", devices: ids.filter((one) => one !== id && one !== `${id}/sub`) });
    this.#send({ type: "watch", devices: ids });
  }

  /** Tells all of it, as after the line was opened. */
  tell(): void {
    this.#send({ type: "watch", devices: [...this.#counts.keys()] });
  }

  #count(id: string, by: 1 | -1): void {
    const count = (this.#counts.get(id) ?? 0) + by;
    if (count > 0) this.#counts.set(id, count);
    else this.#counts.delete(id);
    this.#plan();
  }

  /** Once for all tiles that come and go together. */
  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      this.tell();
    });
  }
}
