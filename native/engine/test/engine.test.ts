/** The engine's own checks, so that `npm test` has them: format, vet, its tests with the kept corpus of its fuzzing. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findGo } from "../../../scripts/engine.mjs";

const folder = fileURLToPath(new URL("..", import.meta.url));
const go = findGo();

/** As set-up and the release build it, so that what one of them compiled is compiled for all. */
const platforms: readonly Readonly<Record<string, string>>[] = [
  { GOOS: "linux" },
  { GOOS: "darwin", GOARCH: "arm64" },
  { GOOS: "windows", GOARCH: "amd64" },
];

function run(program: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): string {
  const env = { ...process.env, GOTOOLCHAIN: "local", CGO_ENABLED: "0", ...more };
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: "utf8", env });
  assert.equal(status, 0, error?.message ?? `${stdout}\n${stderr}`);
  return stdout;
}

test("the engine, where Go is", { timeout: 600_000 }, async (t) => {
  if (!go) {
    t.skip("Go is not installed");
    return;
  }
  await t.test("is formatted", () => {
    assert.equal(run(join(dirname(go), process.platform === "win32" ? "gofmt.exe" : "gofmt"), ["-l", "."]), "");
  });
  await t.test("has nothing that vet complains about, on each platform", () => {
    for (const platform of platforms) run(go, ["vet", "-trimpath", "./..."], platform);
  });
  await t.test("passes its tests", () => {
    run(go, ["test", "-trimpath", "-count=1", "./..."]);
  });
});
