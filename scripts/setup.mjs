// What "npm start" and "npm test" do first: install what is missing or stale, and build the page. Quick when nothing is.
// Plain JavaScript for old Nodes: on a fresh clone it runs with the machine's own.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freshBundle } from "../bin/bundle.cjs";
import { node24, root } from "../bin/node24.cjs";
import { ensureEngine, findGo } from "./engine.mjs";
import { builtPage, hashOf, markPage, pageSources } from "./page.mjs";
import { missingPrograms } from "./programs.mjs";

const purpose = process.argv[2] ?? "start";

installPackages();
if (purpose !== "check") buildPage();
if (purpose === "test") installPrograms();
if (purpose === "test") buildEngine();
if (purpose === "start") buildEngineAside();
if (purpose === "start") bundleAside();

function installPackages() {
  const stamp = join(root, "node_modules", ".doorward-setup");
  const wanted = hashOf([join(root, "package-lock.json")]);
  if (readIfThere(stamp) === wanted && node24()) return;
  say("installing what the project needs (about a minute, once) ...");
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ["npm", []];
  run(
    command,
    [...first, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    "the packages were not installed",
  );
  if (!node24()) fail("there is no Node 24 for this machine: install Node 24 or newer and try again");
  writeFileSync(stamp, wanted);
}

function buildPage() {
  const web = join(root, "web");
  if (!existsSync(join(web, "vite.config.ts"))) return;
  const wanted = pageSources();
  if (builtPage(wanted)) return;
  say("building the page ...");
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  run(node24(), [vite, "build", web, "--logLevel", "warn"], "the page was not built");
  markPage(wanted);
}

/** The tests run over both of WebRTC's children, where Go is. */
function buildEngine() {
  const trouble = findGo() ? ensureEngine() : "Go is not installed";
  if (trouble) say(`the native WebRTC engine is not tested here: ${trouble}`);
}

/** Nobody waits for it: the hub starts at once, and the next start of its WebRTC worker takes the engine if it is there. */
function buildEngineAside() {
  if (!findGo()) return;
  const script = join(root, "scripts", "engine.mjs");
  spawn(process.execPath, [script, "--quiet"], { cwd: root, stdio: "ignore", detached: true }).unref();
}

/** Nobody waits for it either: this start runs the sources, the next one takes the bundle. */
function bundleAside() {
  if (freshBundle(root) || process.env.DOORWARD_BUNDLE === "off") return;
  const script = join(root, "scripts", "bundle.mjs");
  spawn(node24(), [script, "--aside"], { cwd: root, stdio: "ignore", detached: true }).unref();
}

function installPrograms() {
  const missing = missingPrograms();
  if (missing.length === 0) return;
  const root = process.getuid?.() === 0;
  const apt = spawnSync("apt-get", ["--version"]).status === 0;
  if (!root || !apt) {
    say(
      `the tests need Debian packages that are missing here; install them with:\n  apt-get install ${missing.join(" ")}`,
    );
    return;
  }
  say(`installing Debian packages for the tests: ${missing.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = ["-o", "DPkg::Lock::Timeout=300", "-q"];
  spawnSync("apt-get", [...options, "update"], { stdio: ["ignore", "ignore", "inherit"], env });
  const log = join(root_tmp(), "doorward-apt.log");
  const done = spawnSync(
    "sh",
    ["-c", `apt-get ${options.join(" ")} install -y --no-install-recommends "$@" > "${log}" 2>&1`, "sh", ...missing],
    { stdio: "inherit", env },
  );
  if (done.status !== 0) say(`some packages could not be installed (see ${log}); tests that need them will say so`);
}

function root_tmp() {
  return process.env.TMPDIR ?? "/tmp";
}

function run(command, args, complaint) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) fail(`${complaint}: ${error ? error.message : `${command} ended with ${status}`}`);
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function say(text) {
  console.error(`doorward: ${text}`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
