import type { MachineFloor } from "./machine-floor.ts";

/** One measured value, and what it is to reach. */
export interface BenchRow {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly reach?: number;
  readonly ok?: boolean;
  /** What of the machine it is compared with: the ratio holds elsewhere too, the value does not. */
  readonly floor?: keyof MachineFloor;
  /** What that ratio is to be at most. */
  readonly reachRatio?: number;
}

/** What one bench found. */
export interface BenchResult {
  readonly name: string;
  readonly rows: BenchRow[];
}

/** A value with what it is to reach. */
export type Measured = Pick<BenchRow, "value" | "unit" | "floor"> & { readonly reach: number };

/** A row that is good when the value is at most `reach`. */
export function atMost(what: string, measured: Measured): BenchRow {
  return { what, ...measured, ok: measured.value <= measured.reach };
}

/** A row that is good when the value is at least `reach`. */
export function atLeast(what: string, measured: Measured): BenchRow {
  return { what, ...measured, ok: measured.value >= measured.reach };
}
