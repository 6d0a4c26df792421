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
  readonly floor: Readonly<Record<string, number>>;
  readonly benches: readonly {
    readonly name: string;
    readonly rows: readonly {
      readonly what: string;
      readonly value: number;
      readonly unit: string;
      readonly ok?: boolean;
    }[];
  }[];
}

describe("npm run bench", () => {
  it("finds no change of kind: nothing grows faster than what it serves, is left behind, or is lost", async () => {
    const args = [join(root, "bench", "index.ts"), "--smoke", "--json"];
    // What is not as it has to be is in the output, with exit code 1.
    const { stdout } = await run(process.execPath, args, { cwd: root }).catch((error: { stdout: string }) => error);
    const { machine, floor, benches } = JSON.parse(stdout) as Report;
    assert.ok(machine.cores > 0);
    assert.ok(Object.values(floor).every((value) => value > 0));
    const [smoke, ...others] = benches;
    assert.deepEqual(others, []);
    assert.ok(smoke && smoke.rows.length > 4, JSON.stringify(smoke));
    assert.deepEqual(
      smoke.rows.filter(({ ok }) => !ok),
      [],
    );
  });

  it("refuses a bench that does not exist", async () => {
    await assert.rejects(run(process.execPath, [join(root, "bench", "index.ts"), "nonsense"]), { code: 2 });
  });
});
