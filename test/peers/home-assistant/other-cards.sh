#!/bin/bash
# Builds two cards that others wrote, for test/soak/home-assistant-other-cards.test.ts, out of their sources:
#
#   other-cards.sh ADVANCED WEBRTC OUT
#
#   ADVANCED   work tree of github.com/dermotduffy/advanced-camera-card (tried with 94b1ec15, after v8.0.0-rc.2)
#   WEBRTC     work tree of github.com/AlexxIT/WebRTC (tried with c033e70, v3.6.1); it is taken as it is
#   OUT        gets advanced-camera-card/*.js and webrtc/ (the integration with its card)
#
# Needs npm with its registry for what the first one is built with; no script of a package runs. What it would ask Git and a browser for
# is left out of its build.
set -euo pipefail
[ $# -eq 3 ] || { sed -n 2,12p "$0" >&2; exit 2; }
ADVANCED=$(cd "$1" && pwd) WEBRTC=$(cd "$2" && pwd); mkdir -p "$3"; OUT=$(cd "$3" && pwd)
WORK=$(mktemp -d); trap 'rm -rf --one-file-system "$WORK"' EXIT
cp -r "$ADVANCED"/{src,package.json,tsconfig.json,rollup.config.js} "$WORK"
cd "$WORK"
node --input-type=module -e '
import { readFileSync, writeFileSync } from "node:fs";
const told = JSON.parse(readFileSync("package.json"));
const unused = /eslint|semantic|vitest|docsify|prettier|conventional|markdown|jsdom|ts-prune|git-info|serve|visualizer/;
for (const name of Object.keys(told.devDependencies)) if (unused.test(name)) delete told.devDependencies[name];
told.devDependencies.sass = "1.77.4"; // theirs is the same with a patch of its warnings
told.dependencies["ha-nunjucks"] = "1.3.0"; // as their lock has it: later ones want modules of Node
for (const name of ["release", "resolutions", "packageManager", "scripts"]) delete told[name];
writeFileSync("package.json", JSON.stringify(told));
const build = readFileSync("rollup.config.js", "utf8")
  .replace(/^import (gitInfo|serve|\{ visualizer \}).*$/gm, "")
  .replace(/^ *gitInfo\.default.*$/m, "")
  .replace(/^ *watch && serve.*$/m, "")
  .replace(/^ *visualizer\(\{[^}]*\}\),$/m, "")
  .replace("json({ exclude: \x27package.json\x27 })", "json()");
writeFileSync("rollup.config.js", build);
'
npm install --ignore-scripts --legacy-peer-deps --no-audit --no-fund --silent
node --max-old-space-size=3000 node_modules/.bin/rollup -c --silent
mkdir -p "$OUT/advanced-camera-card" "$OUT/webrtc"
cp dist/*.js "$OUT/advanced-camera-card"
cp -r "$WEBRTC/custom_components/webrtc/." "$OUT/webrtc"
