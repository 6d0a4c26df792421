import { execFileSync } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { freshBundle } from "../bin/bundle.cjs";
import { measureMachine } from "./machine-floor.ts";
import { othersCpuSeconds } from "./others.ts";
import { childrenOf } from "./process-figures.ts";
import { floorLine, okOf, type Report, ratioOf, tableOf } from "./report.ts";
import type { BenchResult } from "./result.ts";

const benches: Readonly<Record<string, () => Promise<{ run(): Promise<BenchResult> }>>> = {
  start: () => import("./start.ts"),
  memory: () => import("./memory.ts"),
  delay: () => import("./delay.ts"),
  "first-frame": () => import("./first-frame.ts"),
  floor: () => import("./floor.ts"),
  talk: () => import("./talk.ts"),
  fanout: () => import("./fanout.ts"),
  hop: () => import("./hop.ts"),
  "rtsp-reader": () => import("./rtsp-reader.ts"),
  room: () => import("./room.ts"),
  mix: () => import("./mix.ts"),
  door: () => import("./door.ts"),
  signalling: () => import("./signalling.ts"),
  agent: () => import("./agent.ts"),
  "signalling-frame": () => import("./signalling-frame.ts"),
  use: () => import("./use.ts"),
};

const usage = `usage: npm run bench -- [--json] [bench ...]
       npm run bench -- [--json] --smoke

Measures and reports: ${Object.keys(benches).join(", ")}; all of them unless some are named. bench/README.md tells how.
Figures that hold elsewhere too are given as a multiple of what this machine takes for the plainest work of the kind.
--smoke looks within half a minute for a change of kind alone: work that grows faster than viewers or cameras, a leak, a
lost packet, a collector that takes a large share.

exit code: 0 measured, whether or not a number was reached; 1 a bench could not run, or --smoke found something; 2 wrong use
`;

interface Failure {
  readonly name: string;
  readonly error: string;
}

interface Wish {
  readonly json: boolean;
  readonly smoke: boolean;
  readonly names: readonly string[];
}

/** What is wished, or the exit code when there is nothing to be done. */
function wishOf(args: readonly string[]): Wish | number {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      smoke: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
  if (values.help || unknown.length > 0) {
    process.stderr.write(unknown.length > 0 ? `no such bench: ${unknown.join(", ")}\n\n${usage}` : usage);
    return values.help ? 0 : 2;
  }
  return { ...values, names: positionals.length > 0 ? positionals : Object.keys(benches) };
}

async function main(args: readonly string[]): Promise<number> {
  const wish = wishOf(args);
  if (typeof wish === "number") return wish;
  const { json, smoke } = wish;
  bundleFirst();
  const floor = await measureMachine();
  if (!json) process.stdout.write(`${floorLine(floor)}\n\n`);
  const reports: (Report | Failure)[] = [];
  for (const name of smoke ? ["smoke"] : wish.names) {
    const report = await runOne(name);
    reports.push(report);
    if (!json) process.stdout.write(`${"error" in report ? failureText(report) : tableOf(report, floor)}\n`);
  }
  if (json) {
    const told = reports.map((one) => ("error" in one ? one : { ...one, rows: withRatios(one) }));
    process.stdout.write(`${JSON.stringify({ machine: machine(), floor, benches: told }, null, 2)}\n`);
  }
  const bad = (report: Report | Failure) => "error" in report || (smoke && report.rows.some(({ ok }) => ok === false));
  return reports.some(bad) ? 1 : 0;

  function withRatios(report: Report) {
    return report.rows.map((row) => ({ ...row, ratio: ratioOf(row, floor), ok: okOf(row, floor) }));
  }
}

/** The second of two `npm start` runs from the bundle; so do the hubs of a bench. */
function bundleFirst(): void {
  const root = join(import.meta.dirname, "..");
  if (!freshBundle(root)) execFileSync(process.execPath, [join(root, "scripts", "bundle.mjs")], { cwd: root });
}

async function runOne(name: string): Promise<Report | Failure> {
  const before = minuteLoad();
  const begunMs = performance.now();
  const othersBefore = othersCpuSeconds();
  try {
    const load = name === "smoke" ? () => import("./smoke.ts") : benches[name]!;
    const result = await (await load()).run();
    await childrenGone();
    const seconds = (performance.now() - begunMs) / 1000;
    const others = othersBefore === undefined ? undefined : (othersCpuSeconds()! - othersBefore) / seconds;
    return { ...result, seconds: Math.round(seconds), load: { before, after: minuteLoad() }, others };
  } catch (error) {
    return { name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** What a child used counts as ours when it has been waited for. */
async function childrenGone(): Promise<void> {
  for (let n = 0; n < 40 && childrenOf(process.pid).length > 0; n++) await wait(50);
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

process.exit(await main(process.argv.slice(2)));
