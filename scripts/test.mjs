// Check, then every test: unit and contract tests three at a time in one runner, as many of them wait; then the other C and the
// end-to-end tests, two files at a time, the longest first; then, two at a time as well, those that count what is heard or seen,
// need little of the machine and say so by a line "// Runs quietly: ..."; at last, one at a time, those that measure closely and say
// so by a line "// Runs alone: ...", so that nothing disturbs them. Each part ends with the runner's own summary; the last line
// adds up. Arguments are files or globs to run instead of all.
// A file that hangs costs its own time and no more: what it started is ended with it, and the next one runs.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { node24, root } from "../bin/node24.mjs";
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

const total = { pass: 0, fail: 0, skipped: 0 };
const took = [];
let failed = false;
const unit = ["src/**/*.test.ts", "web/src/**/*.test.ts", "test/*.test.ts", "test/workers/*.test.ts"];
const files = filesOf(chosen.length > 0 ? chosen : ["native/*/test/*.test.ts", "test/e2e/*.test.ts"]);
const wants = (file) => (chosen.length > 0 ? "alone" : surroundingsOf(file));
const besideUnit = chosen.length > 0 ? [] : files.filter((file) => file === mostlyWaits);
if (chosen.length === 0) await Promise.all([run({ files: unit, concurrency: 3 }), inPairs([...besideUnit])]);
await inPairs(longestFirst(files.filter((file) => wants(file) === undefined && !besideUnit.includes(file))));
await homeAssistant?.ended;
await inPairs(longestFirst(files.filter((file) => wants(file) === "quietly")));
for (const file of files.filter((file) => wants(file) === "alone")) await run({ files: [file], concurrency: 1 });
if (chosen.length === 0) {
  took.sort((a, b) => b.seconds - a.seconds);
  console.log("\nlongest:");
  for (const { files, seconds } of took.slice(0, 15))
    console.log(`  ${String(seconds).padStart(4)} s  ${files.join(" ")}`);
}
if (chosen.length === 0 || files.length > 1)
  console.log(`\n${total.pass} passed, ${total.fail} failed, ${total.skipped} skipped`);
process.exit(failed ? 1 : 0);

/** Runs the files two at a time; their words are shown as a whole when they end. */
async function inPairs(waiting) {
  const runNext = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
      await run({ files: [file], concurrency: 1, atTheEnd: true });
  };
  await Promise.all([runNext(), runNext()]);
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

/** Each file in the runner's own process where it runs by itself, so that nothing but our pipes waits for what it left running. */
function run({ files, concurrency, atTheEnd = false }) {
  const args = [
    "--test",
    ...(concurrency === 1 ? ["--test-isolation=none"] : [`--test-concurrency=${concurrency}`]),
    `--test-timeout=${testMs}`,
    "--test-force-exit",
    "--test-reporter=spec",
    ...files,
  ];
  // No hub of a test announces itself on the machine's own networks; each runs the sources, whatever was bundled before.
  const env = { ...process.env, NODE_NO_WARNINGS: "1", DOORWARD_MDNS: "off", DOORWARD_BUNDLE: "off" };
  const child = spawn(node, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], env, detached: true });
  running.add(child);
  const began = performance.now();
  let hangs = false;
  const words = [];
  const say = (chunk) => (atTheEnd ? words.push(chunk) : process.stdout.write(chunk));
  const hang = setTimeout(() => {
    hangs = true;
    say(Buffer.from(`✖ nothing was heard for ${silenceMs / 60_000} minutes, so this was ended: ${files.join(" ")}\n`));
    endGroup(child, "SIGKILL");
  }, silenceMs);
  let tail = "";
  child.stdout.on("data", (chunk) => {
    hang.refresh();
    say(chunk);
    tail = (tail + chunk.toString()).slice(-200_000);
  });
  child.stderr.on("data", say);
  // What a test left running still holds our pipes: "close" comes when that is ended as well.
  child.on("exit", () => endGroup(child, "SIGKILL"));
  return new Promise((resolve) => {
    child.on("close", (code) => {
      clearTimeout(hang);
      running.delete(child);
      took.push({ files, seconds: Math.round((performance.now() - began) / 1000) });
      process.stdout.write(Buffer.concat(words));
      for (const key of Object.keys(total))
        total[key] += Number(tail.match(new RegExp(`^ℹ ${key} (\\d+)$`, "m"))?.[1] ?? 0);
      if (hangs) total.fail++;
      failed ||= code !== 0;
      resolve();
    });
  });
}

/** Signals the process and everything that it started and that has not left its group. */
function endGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}
