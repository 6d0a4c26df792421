// The real Home Assistant of the tests: what hinders it here, and its installation, which is kept between runs.
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../bin/node24.cjs";

const peer = join(root, "test", "peers", "home-assistant");
const run = join(peer, "run.sh");
/** What `run.sh` ends with when the network did not give it what it needs. */
const unreachable = 75;

/** Where it is kept: 2 GB. */
export const keptDir = process.env.DOORWARD_HA_DIR ?? "/var/tmp/doorward-ha";
/** The integration's folder. */
export const integrationDir = join(root, "integrations", "home-assistant");
/** Its scripts, as commands. */
export const peerCommands = {
  install: ["bash", run, "--dir", keptDir, "--install-only", "--test-kit"],
  run: ["bash", run, "--dir", keptDir, "--components", join(integrationDir, "custom_components")],
  kit: ["bash", join(peer, "kit.sh"), join(keptDir, "root"), integrationDir],
};

/** Why there can be none here, as a sentence; undefined where there can. */
export function whatHinders() {
  const needs = (what) => `a real Home Assistant needs ${what}`;
  if (process.getuid?.() !== 0) return needs("root, to make a folder of its own for it");
  if (spawnSync("apt-get", ["--version"]).error) return needs("Debian's packages");
  if (spawnSync("unshare", ["--mount", "true"]).status !== 0)
    return needs("mount namespaces, which are not allowed here");
  return undefined;
}

/** Begins to install it, or looks that it is there; two at once install once. With the least right to the processor where `aside`. */
export function beginInstall({ aside = false } = {}) {
  const [program, ...args] = [...(aside ? ["nice", "-n", "19"] : []), ...peerCommands.install];
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "ignore", "pipe"], detached: aside });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const ended = new Promise((resolve) => {
    child.on("error", (error) => resolve({ failed: error.message }));
    child.on("close", (code) => resolve(outcomeOf(code, said.trim())));
  });
  return { child, ended };
}

/** Waits until it is there; a sentence why it is to be left out, undefined when it is there. Throws where it is broken. */
export async function installed() {
  const hinders = whatHinders();
  if (hinders !== undefined) return hinders;
  const { skipped, failed } = await beginInstall().ended;
  if (failed !== undefined) throw new Error(`Home Assistant could not be installed: ${failed}`);
  return skipped;
}

function outcomeOf(code, said) {
  if (code === 0) return {};
  const last = said.split("\n").at(-1) ?? "";
  return code === unreachable ? { skipped: last.replace(/^\[ha\] /, "") } : { failed: said || `it ended with ${code}` };
}
