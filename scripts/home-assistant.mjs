// The integration against a real Home Assistant, brought up here (test/peers/home-assistant, a minute at the first time), and with the
// kit of its developers. `npm test` has the short core of it; here is everything. Says in one sentence why where it cannot be.
import { spawnSync } from "node:child_process";
import { node24, root } from "../bin/node24.cjs";
import { installed, peerCommands } from "./home-assistant-peer.mjs";

const tests = process.argv.slice(2);

console.log("doorward: installing Home Assistant ...");
const leftOut = await installed();
if (leftOut !== undefined) {
  console.log(`skipped: ${leftOut}`);
  process.exit(0);
}
if (tests.length === 0) run("the integration's own tests", peerCommands.kit);
const files = tests.length > 0 ? tests : ["test/e2e/home-assistant.test.ts", "test/soak/home-assistant-*.test.ts"];
run("a real Home Assistant", [
  ...[...peerCommands.run, "--"],
  ...[node24() ?? process.execPath, "--no-warnings", "--test", "--test-concurrency=1", "--test-force-exit", ...files],
]);

function run(what, [program, ...args]) {
  console.log(`doorward: ${what} ...`);
  const { status } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  if (status === 0) return;
  console.error(`failed: ${what}`);
  process.exit(1);
}
