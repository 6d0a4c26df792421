// The integration against a real Home Assistant, brought up here (test/peers/home-assistant, a minute at the first time), and with the
// kit of its developers. Needs Debian, root and mount namespaces; says so in one sentence where they are not.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { node24, root } from "../bin/node24.mjs";

const peer = join(root, "test", "peers", "home-assistant");
const integration = join(root, "integrations", "home-assistant");
const kept = process.env.DOORWARD_HA_DIR ?? "/var/tmp/doorward-ha";
const tests = process.argv.slice(2);

const hinders = whatHinders();
if (hinders !== undefined) {
  console.log(`skipped: a real Home Assistant needs ${hinders}`);
  process.exit(0);
}

run("installing Home Assistant", [join(peer, "run.sh"), "--dir", kept, "--install-only", "--test-kit"]);
run("the integration's own tests", [join(peer, "kit.sh"), join(kept, "root"), integration]);
const files = tests.length > 0 ? tests : ["test/soak/home-assistant-*.test.ts"];
run("a real Home Assistant", [
  ...[join(peer, "run.sh"), "--dir", kept, "--components", join(integration, "custom_components"), "--"],
  ...[node24() ?? process.execPath, "--no-warnings", "--test", "--test-concurrency=1", "--test-force-exit", ...files],
]);

function whatHinders() {
  if (process.getuid?.() !== 0) return "root, to make a folder of its own for it";
  if (spawnSync("apt-get", ["--version"]).error) return "Debian's packages";
  if (spawnSync("unshare", ["--mount", "true"]).status !== 0) return "mount namespaces, which are not allowed here";
  return undefined;
}

function run(what, [script, ...args]) {
  console.log(`doorward: ${what} ...`);
  const { status } = spawnSync("bash", [script, ...args], { cwd: root, stdio: "inherit" });
  if (status === 0) return;
  console.error(`failed: ${what}`);
  process.exit(1);
}
