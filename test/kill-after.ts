import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/**
 * Lets a program of `test/workers/`, which says a line of JSON for each change, run until it has said `lines` of them, ends it with SIGKILL, and
 * gives all that it said.
 */
export async function killAfter<Said>(
  lines: number,
  options: { readonly program: string; readonly args: readonly string[] },
): Promise<Said[]> {
  const script = join(import.meta.dirname, "workers", options.program);
  const child = spawn(process.execPath, ["--no-warnings", script, ...options.args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const said: Said[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(JSON.parse(line) as Said);
    if (said.length === lines) child.kill("SIGKILL");
  }
  await exited;
  return said;
}
