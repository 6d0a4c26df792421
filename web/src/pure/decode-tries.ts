/** So many faults of a decoder are enough. */
const mostFaults = 2;

/**
 * How it went where this browser decoded pictures by itself, by device. Whoever failed twice, was too slow, or cannot decode a
 * picture at all, is shown it converted from then on: nothing goes to and fro.
 */
export class DecodeTries {
  readonly #faults = new Map<string, number>();
  readonly #over = new Map<string, "faults" | "slow" | "cannot">();

  /** Whether it is not to be tried (again). */
  isOver(device: string): boolean {
    return this.#over.has(device);
  }

  /** Why it is not, where it was tried. */
  outcome(device: string): "faults" | "slow" | undefined {
    const why = this.#over.get(device);
    return why === "cannot" ? undefined : why;
  }

  /** The decoder failed. */
  failed(device: string): void {
    const faults = (this.#faults.get(device) ?? 0) + 1;
    this.#faults.set(device, faults);
    if (faults >= mostFaults) this.#over.set(device, "faults");
  }

  /** Pictures came faster than they were decoded. */
  tooSlow(device: string): void {
    this.#over.set(device, "slow");
  }

  /** There is no decoder for it. */
  cannot(device: string): void {
    this.#over.set(device, "cannot");
  }
}
