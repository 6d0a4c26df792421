import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { BenchResult, BenchRow } from "./result.ts";

const benches: Readonly<Record<string, () => Promise<{ run(): Promise<BenchResult> }>>> = {
  start: () => import("./start.ts"),
  memory: () => import("./memory.ts"),
  delay: () => import("./delay.ts"),
  "first-frame": () => import("./first-frame.ts"),
  floor: () => import("./floor.ts"),
  talk: () => import("./talk.ts"),
  fanout: () => import("./fanout.ts"),
  "rtsp-reader": () => import("./rtsp-reader.ts"),
  room: () => import("./room.ts"),
  mix: () => import("./mix.ts"),
  door: () => import("./door.ts"),
  signalling: () => import("./signalling.ts"),
  agent: () => import("./agent.ts"),
  "signalling-frame": () => import("./signalling-frame.ts"),
};

const usage = `usage: npm run bench -- [--json] [bench ...]

Measures and reports: ${Object.keys(benches).join(", ")}; all of them unless some are named. bench/README.md tells how.

exit code: 0 measured, whether or not a number was reached; 1 a bench could not run; 2 wrong use
`;

/** What one bench found, with what else the machine had to do. */
interface Report extends BenchResult {
  readonly seconds: number;
  /** Processes that wanted to run, on average over the minute before and the minute that ends with the bench. */
  readonly load: { readonly before: number; readonly after: number };
}

interface Failure {
  readonly name: string;
  readonly error: string;
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, help: { type: "boolean", short: "h", default: false } },
  });
  const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
  if (values.help || unknown.length > 0) {
    process.stderr.write(unknown.length > 0 ? `no such bench: ${unknown.join(", ")}\n\n${usage}` : usage);
    return values.help ? 0 : 2;
  }
  const reports: (Report | Failure)[] = [];
  for (const name of positionals.length > 0 ? positionals : Object.keys(benches)) {
    const report = await runOne(name);
    reports.push(report);
    if (!values.json) process.stdout.write(`${"error" in report ? failureText(report) : tableOf(report)}\n`);
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ machine: machine(), benches: reports }, null, 2)}\n`);
  return reports.some((report) => "error" in report) ? 1 : 0;
}

async function runOne(name: string): Promise<Report | Failure> {
  const before = minuteLoad();
  const begunMs = performance.now();
  try {
    const result = await (await benches[name]!()).run();
    const seconds = Math.round((performance.now() - begunMs) / 1000);
    return { ...result, seconds, load: { before, after: minuteLoad() } };
  } catch (error) {
    return { name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

function minuteLoad(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}

function machine(): { readonly cpu: string; readonly cores: number; readonly node: string } {
  const all = cpus();
  return { cpu: all[0]?.model ?? "unknown", cores: all.length, node: process.versions.node };
}

function failureText({ name, error }: Failure): string {
  return `${name}: could not run\n${error}\n`;
}

const head = ["what", "value", "unit", "reach", "ok"] as const;

function tableOf(report: Report): string {
  const lines = [head, ...report.rows.map(cellsOf)];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const numeric = [false, true, false, true, false];
  const text = lines.map((line) =>
    line
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
  const { load, seconds } = report;
  const title = `${report.name} (${seconds} s; load of the machine ${load.before} before, ${load.after} after)`;
  return [title, ...text.map((line) => `  ${line}`), ""].join("\n");
}

function cellsOf(row: BenchRow): readonly string[] {
  const ok = row.ok === undefined ? "" : row.ok ? "yes" : "no";
  return [row.what, figure(row.value), row.unit, row.reach === undefined ? "" : figure(row.reach), ok];
}

function figure(value: number): string {
  return Number.isNaN(value) ? "-" : String(Math.round(value * 1000) / 1000);
}

process.exit(await main(process.argv.slice(2)));
