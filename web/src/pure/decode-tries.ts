/** So many faults of a decoder are enough. */
const mostFaults = 2;
/** After so long with decoded pictures earlier faults are forgotten. */
const forgottenAfterMs = 5 * 60_000;
/** So often no line came about, one try after the other, is enough for so long. */
const lines = { most: 2, restMs: 10 * 60_000 };

/**
 * How it went where this browser decoded pictures by itself, by device. Whoever failed twice, was too slow, or cannot decode a
 * picture at all, is shown it converted from then on: nothing goes to and fro. Where no line to the hub comes about, as through some
 * proxies, that holds for some minutes. `nowMs` is of any clock that does not jump.
 */
export class DecodeTries {
  readonly #faults = new Map<string, number>();
  readonly #decodedMs = new Map<string, number>();
  readonly #withoutLine = new Map<string, { readonly times: number; readonly atMs: number }>();
  readonly #over = new Map<string, "faults" | "slow" | "cannot">();

  /** Whether it is not to be tried (again). */
  isOver(device: string, nowMs: number): boolean {
    const { times = 0, atMs = 0 } = this.#withoutLine.get(device) ?? {};
    return this.#over.has(device) || (times >= lines.most && nowMs - atMs < lines.restMs);
  }

  /** Why it is not, where it was tried. */
  outcome(device: string): "faults" | "slow" | undefined {
    const why = this.#over.get(device);
    return why === "cannot" ? undefined : why;
  }

  /** The decoder failed. */
  failed(device: string): void {
    const forgotten = (this.#decodedMs.get(device) ?? 0) >= forgottenAfterMs;
    this.#decodedMs.delete(device);
    const faults = (forgotten ? 0 : (this.#faults.get(device) ?? 0)) + 1;
    this.#faults.set(device, faults);
    if (faults >= mostFaults) this.#over.set(device, "faults");
  }

  /** Pictures were decoded for so long without a fault. */
  decoded(device: string, ms: number): void {
    this.#decodedMs.set(device, (this.#decodedMs.get(device) ?? 0) + ms);
  }

  /** The hub could not be heard by the socket on which pictures come: no fault of the decoder. */
  noLine(device: string, nowMs: number): void {
    const times = (this.#withoutLine.get(device)?.times ?? 0) + 1;
    this.#withoutLine.set(device, { times, atMs: nowMs });
  }

  /** The hub was heard by it. */
  line(device: string): void {
    this.#withoutLine.delete(device);
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
