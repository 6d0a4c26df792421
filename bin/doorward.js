#!/usr/bin/env node
// Starts the command line with Node 24, whatever Node the machine has.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { constants } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { entryOf } from "./bundle.mjs";
import { node24, root } from "./node24.mjs";
import { nodeOptions, supervise } from "./supervise.mjs";

// Compiled modules, without their types, are kept for the next start and for the workers: half of the start's time and 30 MB
// of each process. In the package's own folder, since what lies there is run; where nobody may write, there is none.
process.env.NODE_COMPILE_CACHE ??= join(root, "node_modules", ".cache", "doorward");

const args = process.argv.slice(2);
// "start" is looked after: what crashes is started again.
const watched =
  args[0] === "start" && !args.some((arg) => ["-h", "--help"].includes(arg)) && !process.env.DOORWARD_SUPERVISED;

if (Number.parseInt(process.versions.node, 10) >= 24 && !watched) {
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  const entry = entryOf(root);
  if (entry.endsWith(".cjs")) (await import("./run-bundle.mjs")).runBundle(entry, module.getCompileCacheDir());
  else await import(pathToFileURL(entry).href);
} else {
  const setup = join(root, "scripts", "setup.mjs");
  if (!node24() && existsSync(setup)) spawnSync(process.execPath, [setup, "start"], { stdio: ["ignore", 2, 2] });
  const node = node24();
  if (!node) {
    console.error(
      `doorward needs Node 24; this is ${process.versions.node}. Run "npm ci --ignore-scripts" in ${root}.`,
    );
    process.exit(1);
  }
  if (watched) process.exit(await supervise([node, ...nodeOptions, process.argv[1], ...args]));
  const child = spawn(node, [process.argv[1], ...args], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
}
