// The built page in web/dist, and of which sources it was built. Plain JavaScript for old Nodes, as set-up is.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../bin/node24.cjs";

const web = join(root, "web");
const dist = join(web, "dist");
const stamp = join(dist, ".built-from");

/** A hash of all that goes into the page: what is in web/, and what that takes from elsewhere. */
export function pageSources() {
  return hashOf([...withImported(filesBelow(web)), join(root, "package-lock.json")]);
}

/** Where the page is that was built of these sources; undefined when it was built of others, or not at all. */
export function builtPage(sources = pageSources()) {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === sources ? dist : undefined;
}

/** The page in web/dist was just built of these sources. */
export function markPage(sources) {
  mkdirSync(dist, { recursive: true });
  writeFileSync(stamp, sources);
}

/** A hash of files: of their names in the checkout, and of what they hold. */
export function hashOf(paths) {
  const sum = createHash("sha256");
  for (const path of paths) if (existsSync(path)) sum.update(path.slice(root.length)).update(readFileSync(path));
  return sum.digest("hex");
}

function filesBelow(folder) {
  return readdirSync(folder)
    .filter((name) => name !== "dist" && name !== "node_modules")
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesBelow(path) : [path]))
    .sort();
}

const imported = /(?:^(?:import|export) (?!type\b)(?:[^;"]*? from )?|\bimport\()"(\.{1,2}\/[^"?]+)"/gm;

/** These files and those that they import by relative paths, and so on; not what is there for its types alone. */
function withImported(paths) {
  const found = new Set(paths);
  for (const path of found) {
    if (!/\.m?[jt]s$/.test(path)) continue;
    for (const [, specifier] of readFileSync(path, "utf8").matchAll(imported)) {
      const file = join(dirname(path), specifier);
      if (existsSync(file)) found.add(file);
    }
  }
  return [...found].sort();
}
