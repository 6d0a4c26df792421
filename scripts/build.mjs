// Makes what npm would publish into dist/: JavaScript, types, and the page.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { node24, root } from "../bin/node24.cjs";

const node = node24() ?? process.execPath;
rmSync(join(root, "dist"), { recursive: true, force: true });
step(["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"]);
// Beside what "npm start" built: a hub may be serving that.
step(["node_modules/vite/bin/vite.js", "build", "web", "--outDir", "../dist/page", "--logLevel", "warn"]);

// Few files of the hub and its libraries, which start sooner; what cannot be in them stays a dependency.
step(["scripts/bundle.mjs", "--package"]);

function step(args) {
  const { status } = spawnSync(node, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
