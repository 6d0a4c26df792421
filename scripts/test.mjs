// Check, then every test: unit and contract tests two at a time, then the end-to-end and C tests one at a time, so that what
// one of them measures is not disturbed by another. Each part ends with the runner's own summary; the last line adds up.
// Arguments are files or globs to run instead of all.
// A file that hangs costs its own time and no more: what it started is ended with it, and the next one runs.
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { node24, root } from "../bin/node24.mjs";

/** Longer than any one test may take. */
const silenceMs = 480_000;
const testMs = 400_000;

const chosen = process.argv.slice(2);
const node = node24() ?? process.execPath;
const parts =
  chosen.length > 0
    ? alone(chosen)
    : [
        {
          files: ["src/**/*.test.ts", "web/src/**/*.test.ts", "test/*.test.ts", "test/workers/*.test.ts"],
          concurrency: 2,
        },
        ...alone(["test/e2e/*.test.ts", "native/*/test/*.test.ts"]),
      ];

if (chosen.length === 0) {
  const { status } = spawnSync(node, [join(root, "scripts", "check.mjs")], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

const total = { pass: 0, fail: 0, skipped: 0 };
let failed = false;
for (const part of parts) failed = (await run(part)) !== 0 || failed;
if (parts.length > 1) console.log(`\n${total.pass} passed, ${total.fail} failed, ${total.skipped} skipped`);
process.exit(failed ? 1 : 0);

/** Each of the files by itself, in the runner's own process, so that nothing but our pipes waits for what it left running. */
function alone(globs) {
  // Asked of Node 24: the machine's own may not know globs yet.
  const list =
    "console.log(process.argv.slice(1).flatMap((glob) => require('node:fs').globSync(glob).sort()).join('\\n'))";
  const { stdout } = spawnSync(node, ["--no-warnings", "-e", list, ...globs], { cwd: root, encoding: "utf8" });
  const files = stdout.split("\n").filter(Boolean);
  return (files.length > 0 ? files : globs).map((file) => ({ files: [file], concurrency: 1 }));
}

function run({ files, concurrency }) {
  const args = [
    "--test",
    ...(concurrency === 1 ? ["--test-isolation=none"] : [`--test-concurrency=${concurrency}`]),
    `--test-timeout=${testMs}`,
    "--test-force-exit",
    "--test-reporter=spec",
    ...files,
  ];
  const env = { ...process.env, NODE_NO_WARNINGS: "1" };
  const child = spawn(node, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], env, detached: true });
  const forward = (signal) => endGroup(child, signal);
  process.on("SIGINT", forward).on("SIGTERM", forward);
  let hangs = false;
  const hang = setTimeout(() => {
    hangs = true;
    console.log(`✖ nothing was heard for ${silenceMs / 60_000} minutes, so this was ended: ${files.join(" ")}`);
    endGroup(child, "SIGKILL");
  }, silenceMs);
  let tail = "";
  child.stdout.on("data", (chunk) => {
    hang.refresh();
    process.stdout.write(chunk);
    tail = (tail + chunk.toString()).slice(-200_000);
  });
  child.stderr.pipe(process.stderr, { end: false });
  // What a test left running still holds our pipes: "close" comes when that is ended as well.
  child.on("exit", () => endGroup(child, "SIGKILL"));
  return new Promise((resolve) => {
    child.on("close", (code) => {
      clearTimeout(hang);
      process.off("SIGINT", forward).off("SIGTERM", forward);
      for (const key of Object.keys(total))
        total[key] += Number(tail.match(new RegExp(`^ℹ ${key} (\\d+)$`, "m"))?.[1] ?? 0);
      if (hangs) total.fail++;
      resolve(code ?? 1);
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
