import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";

const src = resolve(import.meta.dirname, "..", "src");
/** What is called for its effect and gives no promise. */
const noPromise = /void (process\.stderr|stdout)\.write\(|void this\.#sender\.send\(|void json\(/;

/**
 * The linter finds promises that nobody looks at; `void` would silence it. A failure that nobody foresaw would then end
 * the hub, so nothing of it is silenced: `background` (util/background.ts) says where a failure goes.
 */
describe("promises", () => {
  it("are never thrown away with `void`", () => {
    const found = globSync("**/*.ts", { cwd: src })
      .filter((file) => !/\.test\.ts$|(^|\/)fake[^/]*\.ts$/.test(file))
      .flatMap((file) => {
        const lines = readFileSync(join(src, file), "utf8").split("\n");
        return lines.flatMap((line, index) => (isVoided(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
      });
    assert.deepEqual(found, []);
  });
});

function isVoided(line: string): boolean {
  if (/^\s*(\/\/|\*|\/\*)/.test(line) || noPromise.test(line)) return false;
  return /(^\s*|=> |else |\) |return )void [\w(#]/.test(line);
}
