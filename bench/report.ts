import type { MachineFloor } from "./machine-floor.ts";
import { bearableShare } from "./others.ts";
import type { BenchResult, BenchRow } from "./result.ts";

/** What one bench found, with what else the machine had to do. */
export interface Report extends BenchResult {
  readonly seconds: number;
  /** Processes that wanted to run, on average over the minute before and the minute that ends with the bench. */
  readonly load: { readonly before: number; readonly after: number };
  /** Cores that other programs used meanwhile; undefined where the system does not tell. */
  readonly others?: number | undefined;
}

const head = ["what", "value", "unit", "to the floor", "reach", "ok"] as const;
const numeric: readonly boolean[] = [false, true, false, true, true, false];

/** The report as a table. Values say nothing of what is reached while others use the machine. */
export function tableOf(report: Report, floor: MachineFloor): string {
  const { load, seconds, others } = report;
  const crowded = others !== undefined && others > bearableShare;
  const lines = [head, ...report.rows.map((row) => cellsOf(row, { floor, crowded }))];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
  const title = `${report.name} (${seconds} s; load of the machine ${load.before} before, ${load.after} after)`;
  const doubt = crowded ? [`  no verdict: other programs used ${Math.round(others * 100)} % of a core meanwhile`] : [];
  return [title, ...text.map((line) => `  ${line}`), ...doubt, ""].join("\n");
}

/** What the machine can do, in one line. */
export function floorLine(floor: MachineFloor): string {
  const { packets, messages, startMs, memoryMb, hopMs } = floor;
  return [
    `floor of this machine: ${packets} packets and ${messages} messages per CPU second`,
    `an empty Node program starts in ${startMs} ms and takes ${memoryMb} MB, a datagram takes ${hopMs} ms`,
  ].join("; ");
}

/** The row's value as a multiple of the floor's. */
export function ratioOf({ value, floor: name }: BenchRow, floor: MachineFloor): number | undefined {
  return name === undefined ? undefined : value / floor[name];
}

/** Whether the row reaches what it is to reach; undefined for one that is to reach nothing. */
export function okOf(row: BenchRow, floor: MachineFloor): boolean | undefined {
  const ratio = ratioOf(row, floor);
  return row.reachRatio === undefined || ratio === undefined ? row.ok : ratio <= row.reachRatio;
}

function cellsOf(
  row: BenchRow,
  { floor, crowded }: { readonly floor: MachineFloor; readonly crowded: boolean },
): readonly string[] {
  const reached = okOf(row, floor);
  const ok = reached === undefined || crowded ? "" : reached ? "yes" : "no";
  const ratio = ratioOf(row, floor);
  const reach = row.reachRatio !== undefined ? `${row.reachRatio} x` : row.reach === undefined ? "" : figure(row.reach);
  return [row.what, figure(row.value), row.unit, ratio === undefined ? "" : `${figure(ratio)} x`, reach, ok];
}

function figure(value: number): string {
  return Number.isNaN(value) ? "-" : String(Math.round(value * 1000) / 1000);
}
