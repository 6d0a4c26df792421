/** One measured value, and what it is to reach. */
export interface BenchRow {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly reach?: number;
  readonly ok?: boolean;
}

/** What one bench found. */
export interface BenchResult {
  readonly name: string;
  readonly rows: BenchRow[];
}

/** A row that is good when the value is at most `reach`. */
export function atMost(
  what: string,
  measured: { readonly value: number; readonly unit: string; readonly reach: number },
): BenchRow {
  return { what, ...measured, ok: measured.value <= measured.reach };
}

/** A row that is good when the value is at least `reach`. */
export function atLeast(
  what: string,
  measured: { readonly value: number; readonly unit: string; readonly reach: number },
): BenchRow {
  return { what, ...measured, ok: measured.value >= measured.reach };
}
