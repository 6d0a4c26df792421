import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const program = join(import.meta.dirname, "..", "..", "bin", "doorward.js");

/** `doorward agent` as a person runs it, until disposed. */
export interface AgentProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it said so far. */
  said(): string;
}

/** Runs it with these options, and these variables beside the environment's; `through` is put in front, e.g. `ip netns exec NAME`. */
export function startAgentProcess(
  options: readonly string[],
  env: Readonly<Record<string, string>> = {},
  through: readonly string[] = [],
): AgentProcess {
  const how = { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } } as const;
  const [command = "", ...words] = [...through, process.execPath, program, "agent", ...options];
  const child = spawn(command, words, { ...how, stdio: [...how.stdio] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const ended = once(child, "exit");
  return {
    pid: child.pid ?? 0,
    said: () => said,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGINT");
      await ended;
    },
  };
}
