import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { bundleFolder, entryOf, freshBundle, stateOf } from "../bin/bundle.cjs";
import { inputsOf, makeBundle } from "../scripts/bundle.mjs";
import { placeOf } from "../src/util/error-place.ts";

/** A program's folder with these files in it; `bundle` says what its bundle was made of. */
function program(files: readonly string[], bundle?: { readonly madeOf: readonly string[] }) {
  const root = mkdtempSync(join(tmpdir(), "doorward-bundle-"));
  const path = (name: string) => join(root, name);
  const write = (name: string, text = name) => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), text);
  };
  for (const name of files) write(name);
  if (bundle) {
    const inputs = Object.fromEntries(bundle.madeOf.map((name) => [name, stateOf(path(name))]));
    write(join(bundleFolder, "1", "index.cjs"));
    write(join(bundleFolder, "made-of.json"), JSON.stringify({ entry: "1/index.cjs", inputs }));
  }
  const remove = (name: string) => rmSync(path(name), { recursive: true });
  return { root, path, write, remove, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

const sources = ["src/cli/index.ts", "src/hub/device.ts", "package-lock.json"];

describe("which files the command line is started from", () => {
  it("takes the bundle while it was made of what lies there", () => {
    using it = program(sources, { madeOf: sources });
    assert.equal(entryOf(it.root, {}), it.path(join(bundleFolder, "1", "index.cjs")));
  });

  it("takes the sources when there is no bundle, or it is not wanted", () => {
    using none = program(sources);
    assert.equal(entryOf(none.root, {}), none.path("src/cli/index.ts"));
    using it = program(sources, { madeOf: sources });
    assert.equal(entryOf(it.root, { DOORWARD_BUNDLE: "off" }), it.path("src/cli/index.ts"));
  });

  const changes: Readonly<Record<string, (it: ReturnType<typeof program>) => void>> = {
    "a source was written": (it) => it.write("src/hub/device.ts", "other"),
    "a source of the same length was written": (it) => {
      it.write("src/hub/device.ts", "src/hub/device.tS");
      utimesSync(it.path("src/hub/device.ts"), 1000, 1000);
    },
    "a source went away": (it) => it.remove("src/hub/device.ts"),
    "libraries were installed": (it) => it.write("package-lock.json", "other libraries"),
    "the bundle is half there": (it) => it.remove(join(bundleFolder, "1")),
    "what it was made of cannot be read": (it) => it.write(join(bundleFolder, "made-of.json"), "{"),
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`takes the sources when ${what}`, () => {
      using it = program(sources, { madeOf: sources });
      change(it);
      assert.equal(entryOf(it.root, {}), it.path("src/cli/index.ts"));
    });
  }

  it("takes in a package the bundle that came with it, and else what it was made of", () => {
    using it = program(["dist/cli/index.js", "dist/bundle/index.cjs"]);
    assert.equal(entryOf(it.root, {}), it.path("dist/bundle/index.cjs"));
    assert.equal(entryOf(it.root, { DOORWARD_BUNDLE: "off" }), it.path("dist/cli/index.js"));
    it.remove("dist/bundle");
    assert.equal(entryOf(it.root, {}), it.path("dist/cli/index.js"));
  });
});

describe("what a bundle is made of", () => {
  /** Makes one; `meanwhile` is called when a file was noted, before it is read. */
  async function made(meanwhile: (file: string, it: ReturnType<typeof program>) => void) {
    const it = program(["package.json", "package-lock.json"]);
    it.write("package.json", "{}");
    it.write("src/cli/index.ts", 'import { used } from "../used.ts";\nimport "../unused.ts";\nconsole.log(used);');
    it.write("src/used.ts", "export const used = 1;");
    it.write("src/unused.ts", "export const unused = 2;");
    const folder = it.path(join(bundleFolder, "1"));
    const { inputs, onLoad } = inputsOf(it.root);
    const heard = (file: string) => {
      onLoad(file);
      meanwhile(relative(it.root, file), it);
    };
    await makeBundle({ entry: it.path("src/cli/index.ts"), folder, onLoad: heard });
    it.write(join(bundleFolder, "made-of.json"), JSON.stringify({ entry: "1/index.cjs", inputs }));
    return it;
  }

  it("are all files that were read, also those that gave nothing to it", async () => {
    using it = await made(() => {});
    assert.equal(freshBundle(it.root), it.path(join(bundleFolder, "1", "index.cjs")));
    it.write("src/unused.ts", "console.log(3);");
    assert.equal(freshBundle(it.root), undefined);
  });

  for (const written of ["src/used.ts", "package-lock.json"]) {
    it(`counts ${written} as another one when it is written meanwhile`, async () => {
      using it = await made((file, it) => {
        if (file === join("src", "used.ts")) it.write(written, "export const used = 1_000;");
      });
      assert.equal(freshBundle(it.root), undefined);
    });
  }
});

describe("the place of an error in a bundle", () => {
  const frame = (it: ReturnType<typeof program>, line: number) =>
    `    at run (${pathToFileURL(it.path("b/chunk.cjs")).href}:${line}:5)`;
  const errorAt = (...frames: readonly string[]) =>
    Object.assign(new Error("no"), { stack: `Error: no\n${frames.join("\n")}` });
  // Line 1 is of a library, line 2 of line 8 of ours (ecma-426).
  const map = {
    version: 3,
    sources: ["../node_modules/zod/index.js", "../src/hub/device.ts"],
    names: [],
    mappings: "AAAA;ACOA",
  };

  it("is told as in the sources, past the libraries", () => {
    using it = program(["b/chunk.cjs"]);
    it.write("b/chunk.cjs.map", JSON.stringify(map));
    assert.equal(placeOf(errorAt(frame(it, 1), frame(it, 2))), "hub/device.ts:8");
  });

  it("is told below a folder src, and of none of a library's own src", () => {
    const folder = "usr/src/doorward/node_modules/.cache/doorward-bundle/x";
    const chunk = `${folder}/index.cjs`;
    using it = program([chunk]);
    const sources = ["../../../zod/src/index.js", "../../../../src/hub/device.ts"];
    it.write(`${chunk}.map`, JSON.stringify({ ...map, sources }));
    const at = (line: number) => `    at run (${pathToFileURL(it.path(chunk)).href}:${line}:4)`;
    assert.equal(placeOf(errorAt(at(1), at(2))), "hub/device.ts:8");
    assert.equal(placeOf(errorAt(at(1))), undefined);
  });

  it("is told of sources past their libraries, wherever they lie", () => {
    const library = "    at of (file:///usr/src/doorward/node_modules/zod/src/index.js:3:4)";
    assert.equal(placeOf(errorAt(library, "    at run (file:///usr/src/doorward/src/hub/a.ts:7:4)")), "hub/a.ts:7");
    assert.equal(placeOf(errorAt(library)), undefined);
    const installed = "    at run (file:///usr/lib/node_modules/doorward/dist/hub/a.js:7:4)";
    assert.equal(placeOf(errorAt(installed)), "hub/a.js:7");
  });

  it("is none when there is no map", () => {
    using it = program(["b/chunk.cjs"]);
    assert.equal(placeOf(errorAt(frame(it, 2))), undefined);
  });
});
