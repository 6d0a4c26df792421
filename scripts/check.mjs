// Formatting, lint and types.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { node24, root } from "../bin/node24.cjs";

const steps = [
  ["biome", ["check", "--error-on-warnings"], "@biomejs/biome/bin/biome"],
  ["types", ["--noEmit", "-p", root], "typescript/bin/tsc"],
];

for (const [name, args, path] of steps) {
  const { status } = spawnSync(node24() ?? process.execPath, [join(root, "node_modules", path), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) {
    console.error(`check failed: ${name}`);
    process.exit(1);
  }
}
