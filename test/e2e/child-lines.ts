import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A program whose output is read line by line; ended when disposed. */
export interface ChildLines extends AsyncDisposable {
  /** The first line that fits, of those that came or come; throws with its complaints when the program ends before. */
  line(pattern: RegExp): Promise<string>;
  /** Ends it at once. */
  kill(): Promise<void>;
}

/** Starts a program in a folder. */
export function startLines([program = "", ...args]: readonly string[], cwd: string): ChildLines {
  const child = spawn(program, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  });
  const gone = once(child, "exit");
  const seen: string[] = [];
  let complaints = "";
  const look = new Set<() => void>();
  child.stderr.on("data", (text: Buffer) => {
    complaints = `${complaints}${text}`.slice(-2000);
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    seen.push(line);
    for (const one of look) one();
  });
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await gone;
  };
  return {
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const found = seen.find((line) => pattern.test(line));
          if (found !== undefined) resolve(found);
        };
        look.add(check);
        gone.then(() => setImmediate(() => reject(new Error(`${program} ended: ${complaints}`))), reject);
        check();
      }),
    kill: () => end("SIGKILL"),
    [Symbol.asyncDispose]: () => end("SIGTERM"),
  };
}
