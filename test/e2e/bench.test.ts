import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";

// Runs alone: measures.

const root = join(import.meta.dirname, "..", "..");
const run = promisify(execFile);

interface Report {
  readonly machine: { readonly cores: number };
  readonly benches: readonly {
    readonly name: string;
    readonly rows: readonly { readonly what: string; readonly value: number; readonly unit: string }[];
  }[];
}

describe("npm run bench", () => {
  it("measures one bench and reports it as JSON", { timeout: 120_000 }, async () => {
    const { stdout } = await run(process.execPath, [join(root, "bench", "index.ts"), "start", "--json"], { cwd: root });
    const report = JSON.parse(stdout) as Report;
    assert.ok(report.machine.cores > 0);
    assert.equal(report.benches.length, 1);
    const rows = report.benches[0]?.rows ?? [];
    const value = (what: string) => rows.find((row) => row.what.startsWith(what))?.value ?? Number.NaN;
    assert.ok(value("start to listening") > 0);
    assert.ok(value("memory of the idle hub with its WebRTC worker") > 0);
    assert.ok(rows.every((row) => Number.isFinite(row.value)));
  });

  it("refuses a bench that does not exist", async () => {
    await assert.rejects(run(process.execPath, [join(root, "bench", "index.ts"), "nonsense"]), { code: 2 });
  });
});
