import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { makeBundle } from "../scripts/bundle.mjs";
import { placeOf } from "../src/util/error-place.ts";

const runner = pathToFileURL(join(import.meta.dirname, "..", "bin", "run-bundle.cjs")).href;
const run = `import { runBundle } from ${JSON.stringify(runner)}; runBundle(...process.argv.slice(1));`;

/** A program of these sources, below `src`, in its bundle; `cli/index.ts` begins. */
async function bundled(sources: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), "doorward-run-bundle-"));
  for (const [name, text] of Object.entries(sources)) {
    const path = join(root, "src", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const folder = join(root, "bundle");
  await makeBundle({ entry: join(root, "src", "cli", "index.ts"), folder });
  const cache = join(root, "cache");
  return {
    root,
    /** Runs it in a process of its own, without a cache for "", and gives what it printed, of which nothing may be a warning. */
    run: (below = cache) => {
      const program = ["--input-type=module", "-e", run, join(folder, "index.cjs"), ...(below ? [below] : [])];
      const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: "utf8" });
      assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
      return stdout;
    },
    /** What was compiled: path, bytes and when they were written, of each file. */
    compiled: () =>
      readdirSync(cache, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name))
        .map((path) => ({ path, bytes: readFileSync(path), writtenMs: statSync(path).mtimeMs })),
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}

const sources = {
  "cli/index.ts": `import { word } from "../word.ts";
    console.log(word("ä"), import.meta.url.endsWith("/src/cli/index.ts"));
    import("../late.ts").then(({ late }) => console.log(late()));
    import("node:os").then(({ EOL }) => console.log(EOL.length));`,
  "word.ts": "export const word = (letter: string): string => 'gr' + letter + 'n';",
  "late.ts": "export const late = (): string => 'late';",
};
const said = "grän true\nlate\n1\n";

describe("a bundle that runs", () => {
  it("does what its sources say, and takes at its next start what was compiled at the first", async () => {
    using it = await bundled(sources);
    assert.equal(it.run(), said);
    const first = it.compiled();
    assert.ok(first.length >= 2, `${first.length} files`);
    assert.equal(it.run(), said);
    assert.deepEqual(it.compiled(), first);
  });

  it("keeps what was compiled when the program says that it has started, whatever it sets of V8 afterwards", async () => {
    using it = await bundled({
      ...sources,
      "cli/index.ts": `import { setFlagsFromString } from "node:v8";
        ${sources["cli/index.ts"]}
        import("../late.ts").then(() => {
          const emit = process.emit as (...about: unknown[]) => boolean;
          emit.call(process, "doorward:started", async () => (await import("../once.ts")).once(), () => {
            setFlagsFromString("--no-opt");
            import("../behind.ts");
          });
        });`,
      "once.ts": "export const once = () => console.log('once');",
      "behind.ts": "export const behind = process.pid;",
    });
    assert.equal(it.run(), `${said}once\n`);
    const first = it.compiled();
    assert.ok(first.some(({ path }) => path.includes("once")));
    assert.ok(!first.some(({ path }) => path.includes("behind")));
    assert.equal(it.run(), said);
    assert.deepEqual(it.compiled(), first);
  });

  it("compiles again what was written in half or is damaged", async () => {
    for (const damage of [(bytes: Buffer) => bytes.subarray(0, -9), (bytes: Buffer) => Buffer.alloc(bytes.length)]) {
      using it = await bundled(sources);
      it.run();
      for (const { path, bytes } of it.compiled()) writeFileSync(path, damage(bytes));
      const damaged = it.compiled();
      assert.equal(it.run(), said);
      const after = it.compiled();
      assert.deepEqual(
        after.map(({ path }) => path),
        damaged.map(({ path }) => path),
      );
      for (const [n, { bytes }] of after.entries()) assert.ok(!bytes.equals(damaged[n]!.bytes));
    }
  });

  it("does not run what a power cut has left holes in", async () => {
    using it = await bundled(sources);
    it.run();
    for (const { path, bytes } of it.compiled()) writeFileSync(path, Buffer.from(bytes).fill(0, 200, 400));
    assert.equal(it.run(), said);
  });

  it("runs where nobody may write, and without a cache", async () => {
    using it = await bundled(sources);
    assert.equal(it.run(""), said);
    const file = join(it.root, "no folder");
    writeFileSync(file, "");
    assert.equal(it.run(file), said);
  });

  it("tells each time of a part that cannot be loaded", async () => {
    using it = await bundled({
      "cli/index.ts": `const load = () => import("../broken.ts").then(({ word }) => word, (error) => error.message);
        load().then(console.log).then(load).then(console.log);`,
      "broken.ts": "export const word = JSON.parse('{');",
    });
    const lines = it.run().trim().split("\n");
    assert.equal(lines.length, 2);
    for (const line of lines) assert.match(line, /JSON/);
  });

  it("has its errors where they are in the sources", async () => {
    using it = await bundled({
      "cli/index.ts": `import { fail } from "../fail.ts";\ntry { fail(); } catch (error) { console.log((error as Error).stack); }`,
      "fail.ts": `export const other = "ä";\n\nexport function fail(): never {\n  console.log(other);\n  throw new Error("no");\n}`,
    });
    const stack = it.run();
    assert.equal(placeOf(Object.assign(new Error("no"), { stack })), "fail.ts:5");
  });
});
