// Builds the native WebRTC engine into native/engine/build, where Go is; quick when it is there already. It is never needed:
// without it the part in TypeScript serves. With "--quiet" nothing is said, for a build beside the running hub.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { root } from "../bin/node24.cjs";

const folder = join(root, "native", "engine");
const build = join(folder, "build");

/** What the engine's program is called on a platform (Node's names). */
export const programName = (platform = process.platform) =>
  platform === "win32" ? "doorward-engine.exe" : "doorward-engine";

/** Path of the go command, or undefined. Where it is usually unpacked it is found without PATH, too. */
export function findGo() {
  const name = process.platform === "win32" ? "go.exe" : "go";
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/go/bin", "/usr/lib/go/bin"];
  return folders.map((one) => join(one, name)).find((path) => existsSync(path));
}

/** Builds for a platform (Node's names) into a file. Gives what went wrong, or undefined. */
export function buildEngine(file, { platform = process.platform, arch = process.arch } = {}) {
  const go = findGo();
  if (!go) return "Go is not installed (https://go.dev/dl)";
  const env = {
    ...process.env,
    CGO_ENABLED: "0",
    GOTOOLCHAIN: "local",
    GOOS: platform === "win32" ? "windows" : platform,
    GOARCH: arch === "x64" ? "amd64" : arch,
  };
  const args = ["build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", file, "."];
  const { status, stderr, error } = spawnSync(go, args, { cwd: folder, env, encoding: "utf8" });
  return status === 0 ? undefined : (error?.message ?? stderr);
}

/** Builds for this machine unless that is done. Gives what went wrong, or undefined. */
export function ensureEngine() {
  const program = join(build, programName());
  const stamp = join(build, ".built-from");
  const wanted = hashSources();
  if (existsSync(program) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return undefined;
  mkdirSync(build, { recursive: true });
  // A hub may be starting the one that is there.
  const fresh = join(build, `new-${process.pid}-${programName()}`);
  const trouble = buildEngine(fresh);
  if (trouble) return trouble;
  renameSync(fresh, program);
  writeFileSync(stamp, wanted);
  return undefined;
}

function hashSources() {
  const sum = createHash("sha256");
  for (const path of sources(folder)) sum.update(path.slice(folder.length)).update(readFileSync(path));
  return sum.digest("hex");
}

function sources(below) {
  return readdirSync(below)
    .filter((name) => !["build", "test", "testdata"].includes(name))
    .map((name) => join(below, name))
    .flatMap((path) => (statSync(path).isDirectory() ? sources(path) : [path]))
    .filter((path) => /(\.go|go\.mod|go\.sum|\.pgo)$/.test(path) && !path.endsWith("_test.go"))
    .sort();
}

if (process.argv[1] === import.meta.filename) {
  const trouble = ensureEngine();
  if (!process.argv.includes("--quiet")) {
    console.error(
      trouble ? `doorward: the engine was not built: ${trouble}` : `doorward: ${join(build, programName())}`,
    );
  }
  process.exit(trouble ? 1 : 0);
}
