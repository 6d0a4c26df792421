import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A line of what `aiortc-peer.py` says. */
export interface AiortcSays {
  readonly state?: string;
  readonly frames?: number;
  readonly sound?: number;
}

/** A device or a viewer of the agents' protocol, made of aiortc. Ended when disposed. */
export interface AiortcPeer extends AsyncDisposable {
  readonly said: readonly AiortcSays[];
}

const place = join(tmpdir(), "doorward-aiortc");

/** A Python that has aiortc, installed from PyPI where it is missing. Throws what pip said. */
export function aiortcPython(): string {
  const own = join(place, "bin", "python3");
  for (const one of ["python3", own]) {
    if (spawnSync(one, ["-c", "import aiortc, websockets"], { stdio: "ignore" }).status === 0) return one;
  }
  execFileSync("python3", ["-m", "venv", place], { stdio: "pipe" });
  execFileSync(own, ["-m", "pip", "install", "-q", "aiortc", "websockets"], { stdio: "pipe" });
  return own;
}

/** Starts it with the words of its command line. */
export function startAiortc(words: readonly string[]): AiortcPeer {
  const script = join(import.meta.dirname, "aiortc-peer.py");
  const child = spawn(aiortcPython(), ["-W", "ignore", script, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const said: AiortcSays[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => said.push(JSON.parse(line) as AiortcSays));
  return {
    said,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}
