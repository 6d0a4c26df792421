// Finds the hub in few files, which starts sooner and takes less memory than the hundreds that it was made of
// (scripts/bundle.mjs). Plain JavaScript for old Nodes.
const { existsSync, readFileSync, statSync } = require("node:fs");
const { join } = require("node:path");

/** Where it lies beside sources; what npm publishes has it in dist/bundle. */
const bundleFolder = join("node_modules", ".cache", "doorward-bundle");

/**
 * Path of the command line's entry: the bundle when it was made of exactly what lies there now, else the sources; in the
 * package, which has no sources, the bundle that was built with it. DOORWARD_BUNDLE=off leaves it aside.
 */
function entryOf(root, environment = process.env) {
  const wanted = environment.DOORWARD_BUNDLE !== "off";
  const source = join(root, "src", "cli", "index.ts");
  if (existsSync(source)) return (wanted && freshBundle(root)) || source;
  const bundled = join(root, "dist", "bundle", "index.cjs");
  return wanted && existsSync(bundled) ? bundled : join(root, "dist", "cli", "index.js");
}

/** Entry of the bundle in a checkout; undefined when there is none or a file that it was made of is another one since. */
function freshBundle(root) {
  try {
    const { entry, inputs } = JSON.parse(readFileSync(join(root, bundleFolder, "made-of.json"), "utf8"));
    const path = join(root, bundleFolder, entry);
    return existsSync(path) && Object.entries(inputs).every(([file, state]) => isAsIn(state, `${root}/${file}`))
      ? path
      : undefined;
  } catch {
    return undefined;
  }
}

/** Each start asks this of some 900 files, so no number is made a text. */
function isAsIn([size, writtenMs], path) {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.size === size && found?.mtimeMs === writtenMs;
}

/** What tells that a file was written since: its size and when it was written; nothing where it is not there. */
function stateOf(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? [found.size, found.mtimeMs] : [];
}

module.exports = { bundleFolder, entryOf, freshBundle, stateOf };
