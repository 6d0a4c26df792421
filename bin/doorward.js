#!/usr/bin/env node
// Starts the command line with Node 24, whatever Node the machine has. This and what it loads are CommonJS: whatever an ECMAScript
// module imports of Node, Node reads as a whole, which is a tenth of a start.
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");
const { entryOf } = require("./bundle.cjs");
const { node24, root } = require("./node24.cjs");

// Compiled modules, without their types, are kept for the next start and for the workers: half of the start's time and 30 MB
// of each process. In the package's own folder, since what lies there is run; where nobody may write, there is none.
process.env.NODE_COMPILE_CACHE ??= join(root, "node_modules", ".cache", "doorward");

const args = process.argv.slice(2);
// "start" is looked after: what crashes is started again.
const watched =
  args[0] === "start" && !args.some((arg) => ["-h", "--help"].includes(arg)) && !process.env.DOORWARD_SUPERVISED;

if (Number.parseInt(process.versions.node, 10) >= 24 && !watched) runHere();
else void runWithNode24();

function runHere() {
  const { enableCompileCache, getCompileCacheDir } = require("node:module");
  enableCompileCache(process.env.NODE_COMPILE_CACHE);
  const entry = entryOf(root);
  if (entry.endsWith(".cjs")) require("./run-bundle.cjs").runBundle(entry, getCompileCacheDir());
  else void import(pathToFileURL(entry).href);
}

async function runWithNode24() {
  const { spawn, spawnSync } = require("node:child_process");
  const { existsSync } = require("node:fs");
  const { constants } = require("node:os");
  const setup = join(root, "scripts", "setup.mjs");
  if (!node24() && existsSync(setup)) spawnSync(process.execPath, [setup, "start"], { stdio: ["ignore", 2, 2] });
  const node = node24();
  if (!node) {
    console.error(
      `doorward needs Node 24; this is ${process.versions.node}. Run "npm ci --ignore-scripts" in ${root}.`,
    );
    process.exit(1);
  }
  if (watched) {
    const { nodeOptions, supervise } = await import("./supervise.mjs");
    process.exit(await supervise([node, ...nodeOptions, process.argv[1], ...args]));
  }
  const child = spawn(node, [process.argv[1], ...args], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
}
