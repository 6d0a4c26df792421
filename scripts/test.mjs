// Check, then every test: unit, contract, end-to-end and C. Ends with the runner's own summary.
// Arguments are files or folders to run instead of all.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { node24, root } from "../bin/node24.mjs";

const chosen = process.argv.slice(2);
const node = node24() ?? process.execPath;
if (chosen.length === 0) {
  const { status } = spawnSync(node, [join(root, "scripts", "check.mjs")], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
const all = ["src/**/*.test.ts", "web/src/**/*.test.ts", "test/**/*.test.ts", "native/*/test/*.test.ts"];
const { status } = spawnSync(
  node,
  // One file at a time: what is measured in one is not disturbed by another.
  ["--test", "--test-concurrency=1", "--test-timeout=400000", ...(chosen.length > 0 ? chosen : all)],
  { cwd: root, stdio: "inherit", env: { ...process.env, NODE_NO_WARNINGS: "1" } },
);
process.exit(status ?? 1);
