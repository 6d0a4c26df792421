import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "..");

/** What `npm test` says of files with these texts, and how it ends. */
async function run(...files: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "doorward-runner-"));
  try {
    const paths = files.map((source, n) => {
      const path = join(folder, `${n}.test.mjs`);
      writeFileSync(path, `import { test } from "node:test";\n${source}`);
      return path;
    });
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(process.execPath, [join(root, "scripts", "test.mjs"), ...paths], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    return { said, code, last: said.trimEnd().split("\n").at(-1) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const good = `test("good", () => {});`;

describe("npm test", () => {
  it("counts what passed, and is content", async () => {
    const { last, code } = await run(good, `${good}\ntest("skipped", { skip: true }, () => {});`);
    assert.deepEqual([last, code], ["2 passed, 0 failed, 1 skipped", 0]);
  });

  it("counts a test that ran out of time as failed, and tells of it again at the end", async () => {
    const hangs = `test("hangs", { timeout: 50 }, () => new Promise(() => setInterval(() => {}, 1000)));`;
    const { last, code, said } = await run(hangs, good);
    assert.deepEqual([last, code], ["1 passed, 1 failed, 0 skipped", 1]);
    assert.match(said.slice(said.lastIndexOf("failed:\n")), /hangs.*timed out after 50ms/s);
  });

  it("fails with a file that ends before its tests do", async () => {
    const { last, code, said } = await run(good, "process.exit(3);", `process.kill(process.pid, "SIGKILL");`);
    assert.deepEqual([last, code], ["1 passed, 2 failed, 0 skipped", 1]);
    assert.match(said, /it ended with exit code 3: .*1\.test\.mjs/);
    assert.match(said, /it ended with SIGKILL: .*2\.test\.mjs/);
  });

  it("shows all that a test says, however much that is", async () => {
    const words = `test("much", () => { for (let n = 0; n < 20_000; n++) console.log("line " + n + " ".repeat(40)); });`;
    const { said } = await run(words, good);
    assert.equal(said.match(/^line \d+/gm)?.length, 20_000);
  });
});
