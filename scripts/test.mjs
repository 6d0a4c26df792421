// Check, then every test file in a process of its own: unit and contract tests three at a time, as many of them wait; then the
// other C and the end-to-end tests, two at a time, the longest first; then, two at a time as well, those that count what is heard
// or seen, need little of the machine and say so by a line "// Runs quietly: ..."; at last, one at a time, those that measure
// closely and say so by a line "// Runs alone: ...", so that nothing disturbs them. What a file says is shown when it ends; what
// failed is told once more at the end, and the last line adds up. Arguments are files or globs to run instead of all.
// A file that hangs costs its own time and no more: what it started is ended with it, and the next one runs.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { node24, root } from "../bin/node24.cjs";
import { beginInstall, whatHinders } from "./home-assistant-peer.mjs";

/** Longer than any one test may take. */
const silenceMs = 480_000;
const testMs = 400_000;

/** Two minutes, in which it does little but wait: it runs beside the unit tests. */
const mostlyWaits = "native/camera-hook/test/hook.test.ts";
/** Those that take longest, by what the end of a run said. Nothing hangs on it but how soon the whole ends. */
const long = [
  "test/e2e/release.test.ts",
  "test/e2e/page-screens.test.ts",
  "native/engine/test/engine.test.ts",
  "test/e2e/home-assistant-kit.test.ts",
  "test/e2e/whip-peers.test.ts",
  "test/e2e/field-chromium.test.ts",
  "native/room-station/test/station.test.ts",
  "test/e2e/home-assistant.test.ts",
  "test/e2e/rooms.test.ts",
  "test/e2e/room-hub.test.ts",
];

const chosen = process.argv.slice(2);
const node = node24() ?? process.execPath;

// The first run of all installs a real Home Assistant: a minute of work, done beside everything that measures nothing.
const homeAssistant = chosen.length === 0 && whatHinders() === undefined ? beginInstall({ aside: true }) : undefined;
process.on(
  "exit",
  () => homeAssistant && homeAssistant.child.exitCode === null && endGroup(homeAssistant.child, "SIGTERM"),
);

if (chosen.length === 0) {
  const { status } = spawnSync(node, [join(root, "scripts", "check.mjs")], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

const running = new Set();
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    for (const child of running) endGroup(child, signal);
    process.exit(1);
  });
const words = mkdtempSync(join(tmpdir(), "doorward-test-"));
process.on("exit", () => rmSync(words, { recursive: true, force: true }));

const total = { pass: 0, fail: 0, cancelled: 0, skipped: 0 };
const took = [];
const failures = [];
const unit =
  chosen.length > 0
    ? []
    : filesOf(["src/**/*.test.ts", "web/src/**/*.test.ts", "test/*.test.ts", "test/workers/*.test.ts"]);
const files = filesOf(chosen.length > 0 ? chosen : ["native/*/test/*.test.ts", "test/e2e/*.test.ts"]);
const wants = (file) => (chosen.length > 0 ? "alone" : surroundingsOf(file));
const besideUnit = chosen.length > 0 ? [] : files.filter((file) => file === mostlyWaits);
await Promise.all([atOnce(3, unit), atOnce(1, besideUnit)]);
await atOnce(2, longestFirst(files.filter((file) => wants(file) === undefined && !besideUnit.includes(file))));
await homeAssistant?.ended;
await atOnce(2, longestFirst(files.filter((file) => wants(file) === "quietly")));
await atOnce(
  1,
  files.filter((file) => wants(file) === "alone"),
);
if (chosen.length === 0) {
  took.sort((a, b) => b.seconds - a.seconds);
  console.log("\nlongest:");
  for (const { file, seconds } of took.slice(0, 15)) console.log(`  ${String(seconds).padStart(4)} s  ${file}`);
}
for (const { file, said } of failures) console.log(`\n${file} failed:\n${said}`);
if (took.length > 1)
  console.log(`\n${total.pass} passed, ${total.fail + total.cancelled} failed, ${total.skipped} skipped`);
process.exit(failures.length > 0 ? 1 : 0);

/** Runs the files, so many at a time. */
async function atOnce(many, files) {
  const waiting = [...files];
  const runNext = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await run(file);
  };
  await Promise.all(Array.from({ length: many }, runNext));
}

/** So that at the end no long one runs beside nothing; the others as they are named. */
function longestFirst(files) {
  return [...long.filter((file) => files.includes(file)), ...files.filter((file) => !long.includes(file))];
}

/** What the file asks for: "alone" or "quietly"; undefined where it may run beside anything. */
function surroundingsOf(file) {
  return /^\/\/ Runs (alone|quietly): /m.exec(readFileSync(join(root, file), "utf8"))?.[1];
}

/** Asked of Node 24: the machine's own may not know globs yet. */
function filesOf(globs) {
  const list =
    "console.log(process.argv.slice(1).flatMap((glob) => require('node:fs').globSync(glob).sort()).join('\\n'))";
  const { stdout } = spawnSync(node, ["--no-warnings", "-e", list, ...globs], { cwd: root, encoding: "utf8" });
  const found = stdout.split("\n").filter(Boolean);
  return found.length > 0 ? found : globs;
}

/**
 * The runner's own process, so that nothing waits for what the tests left running. It writes to a file: a pipe that is read too
 * late keeps the end of what it says.
 */
function run(file) {
  const args = [
    "--test",
    "--test-isolation=none",
    `--test-timeout=${testMs}`,
    "--test-force-exit",
    "--test-reporter=spec",
    file,
  ];
  // No hub of a test announces itself on the machine's own networks; each runs the sources, whatever was bundled before.
  const env = { ...process.env, NODE_NO_WARNINGS: "1", DOORWARD_MDNS: "off", DOORWARD_BUNDLE: "off" };
  const path = join(words, `${took.length + running.size}`);
  const fd = openSync(path, "a+");
  const child = spawn(node, args, { cwd: root, stdio: ["ignore", fd, fd], env, detached: true });
  running.add(child);
  const began = performance.now();
  let [heardBytes, heardMs, hangs] = [0, began, false];
  const watch = setInterval(() => {
    const { size } = fstatSync(fd);
    if (size !== heardBytes) [heardBytes, heardMs] = [size, performance.now()];
    else if (performance.now() - heardMs > silenceMs) {
      hangs = true;
      endGroup(child, "SIGKILL");
    }
  }, 1000);
  return new Promise((resolve) => {
    child.on("exit", (code, signal) => {
      endGroup(child, "SIGKILL");
      clearInterval(watch);
      running.delete(child);
      took.push({ file, seconds: Math.round((performance.now() - began) / 1000) });
      closeSync(fd);
      const said = readFileSync(path, "utf8");
      rmSync(path);
      const summary = said.search(/^ℹ tests \d+$/m);
      const counts = Object.keys(total).map((key) => [key, countOf(said, key)]);
      for (const [key, count] of counts) total[key] += count;
      if (code === 0) process.stdout.write(said.slice(0, summary < 0 ? undefined : summary));
      else {
        const told = counts.some(([key, count]) => ["fail", "cancelled"].includes(key) && count > 0);
        if (!told) total.fail++;
        const how = signal ?? `exit code ${code}`;
        const end = hangs
          ? `nothing was heard for ${silenceMs / 60_000} minutes, so it was ended`
          : `it ended with ${how}`;
        const why = told && !hangs ? "" : `✖ ${end}: ${file}\n`;
        process.stdout.write(said + why);
        failures.push({ file, said: said.slice(Math.max(0, said.indexOf("✖ failing tests:"))) + why });
      }
      resolve();
    });
  });
}

function countOf(said, key) {
  return Number(said.match(new RegExp(`^ℹ ${key} (\\d+)$`, "m"))?.[1] ?? 0);
}

/** Signals the process and everything that it started and that has not left its group. */
function endGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}
