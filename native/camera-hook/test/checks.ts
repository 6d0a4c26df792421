/**
 * The camera hook's own checks (`make test` in its folder), one subtest for each of their sections. They are written in
 * C and shell because they run the hook on the camera's instruction set.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

interface Section {
  readonly state: "ok" | "not ok" | "not run";
  readonly name: string;
  readonly detail: string;
}

const folder = fileURLToPath(new URL("..", import.meta.url));

/** Cuts the output at its lines "ok - name", "not ok - name" and "not run - name". */
function sectionsOf(output: string): Section[] {
  return output
    .split(/^(?=(?:ok|not ok|not run) - )/m)
    .map((part) => /^(ok|not ok|not run) - ([^\n]*)\n?([\s\S]*)$/.exec(part))
    .filter((match) => match !== null)
    .map(([, state, name, detail]) => ({ state: state as Section["state"], name: name ?? "", detail: detail ?? "" }));
}

/** Runs a program to its end; `undefined` as its status if it cannot be started. */
function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ status: number | null | undefined; output: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...environment };
    const child = spawn(command, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const add = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on("data", add);
    child.stderr.on("data", add);
    child.once("error", () => resolve({ status: undefined, output }));
    child.once("close", (status) => resolve({ status, output }));
  });
}

/** Runs all of them or a half; `environment` shortens those that take as long as they are told (`test/run.sh`). */
export async function runChecks(
  t: TestContext,
  target: "test" | "timing" | "untimed",
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const compiler = await run("gcc", ["--version"]);
  const make = await run("make", ["--version"]);
  if (compiler.status === undefined || make.status === undefined) {
    t.skip("gcc or make is not installed: see test/packages.txt");
    return;
  }

  const { status, output } = await run("make", [target], environment);
  for (const { state, name, detail } of sectionsOf(output)) {
    await t.test(name, (section) => {
      if (state === "not run") {
        section.skip(name);
        return;
      }
      assert.equal(state, "ok", detail);
    });
  }
  assert.equal(status, 0, output);
}
