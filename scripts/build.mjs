// Makes what npm would publish: dist/ (JavaScript and types) and web/dist/ (the page).
import { spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { node24, root } from "./node24.mjs";

const node = node24() ?? process.execPath;
rmSync(join(root, "dist"), { recursive: true, force: true });
step(["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"]);
step(["node_modules/vite/bin/vite.js", "build", "web", "--logLevel", "warn"]);
cpSync(join(root, "web", "dist"), join(root, "dist", "page"), { recursive: true });

function step(args) {
  const { status } = spawnSync(node, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
