// A worker that was taken over by somebody who can make it run JavaScript: what does it get at?
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { serveParent } from "../../src/workers/process.ts";

const post = serveParent<{ readonly secret: string }, { readonly got: Record<string, string> }>({
  onMessage: ({ secret }) => {
    const attempts = {
      read: () => readFileSync(secret, "utf8"),
      write: () => writeFileSync(`${secret}.new`, "x"),
      spawn: () => spawnSync("/bin/cat", [secret]).stdout.toString(),
      thread: () => void new Worker("", { eval: true, execArgv: [] }),
      environment: () => process.env["DOORWARD_KEY"] ?? "nothing",
    };
    const got = Object.entries(attempts).map(([name, attempt]) => [name, outcome(attempt)]);
    post({ got: Object.fromEntries(got) });
  },
});

function outcome(attempt: () => unknown): string {
  try {
    return String(attempt());
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
