// Check, then every test: unit and contract tests two at a time, then the end-to-end and C tests one at a time, so that what
// one of them measures is not disturbed by another. Each part ends with the runner's own summary; the last line adds up.
// Arguments are files or globs to run instead of all.
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { node24, root } from "../bin/node24.mjs";

const chosen = process.argv.slice(2);
const node = node24() ?? process.execPath;
const parts =
  chosen.length > 0
    ? [{ files: chosen, concurrency: 1 }]
    : [
        {
          files: ["src/**/*.test.ts", "web/src/**/*.test.ts", "test/*.test.ts", "test/workers/*.test.ts"],
          concurrency: 2,
        },
        { files: ["test/e2e/*.test.ts", "native/*/test/*.test.ts"], concurrency: 1 },
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

function run({ files, concurrency }) {
  const args = [
    "--test",
    `--test-concurrency=${concurrency}`,
    "--test-timeout=400000",
    "--test-reporter=spec",
    ...files,
  ];
  const env = { ...process.env, NODE_NO_WARNINGS: "1" };
  const child = spawn(node, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"], env });
  let tail = "";
  child.stdout.on("data", (chunk) => {
    process.stdout.write(chunk);
    tail = (tail + chunk.toString()).slice(-200_000);
  });
  return new Promise((resolve) => {
    child.on("close", (code) => {
      for (const key of Object.keys(total))
        total[key] += Number(tail.match(new RegExp(`^ℹ ${key} (\\d+)$`, "m"))?.[1] ?? 0);
      resolve(code ?? 1);
    });
  });
}
