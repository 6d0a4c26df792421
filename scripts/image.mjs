// Takes out of node_modules what a container does not read: `node scripts/image.mjs DIR`. After `npm prune --omit=dev`.
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** The image is a Node of its own; what the page is made of is in it already. */
const packages =
  /^(node-(linux|darwin|win|bin)-.+|lit|lit-html|lit-element|@lit|@lit-labs|@types|\.cache|\.package-lock\.json)$/;
/** For people and compilers. Licences stay. */
const files = /(\.d\.[mc]?ts|\.map|\.tsbuildinfo)$|^(readme|changelog|history|contributing|security)(\..*)?$/i;

const [dir = "node_modules"] = process.argv.slice(2);
for (const name of readdirSync(dir)) if (packages.test(name)) rmSync(join(dir, name), { recursive: true });
const before = sweep(dir);
process.stdout.write(
  `${dir}: ${Math.round(before.kept / 1e6)} MB stay, ${Math.round(before.gone / 1e6)} MB of files go\n`,
);

function sweep(folder) {
  const sum = { kept: 0, gone: 0 };
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const { kept, gone } = sweep(path);
      sum.kept += kept;
      sum.gone += gone;
    } else if (entry.isFile()) {
      const { size } = statSync(path);
      if (files.test(entry.name)) rmSync(path);
      sum[files.test(entry.name) ? "gone" : "kept"] += size;
    }
  }
  return sum;
}
