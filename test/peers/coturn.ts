import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The configuration that our documentation gives. */
export const documentedConfig = join(import.meta.dirname, "..", "..", "examples", "coturn", "turnserver.conf");

/** Its secret. */
export const documentedSecret = /^static-auth-secret=(.+)$/m.exec(readFileSync(documentedConfig, "utf8"))?.[1] ?? "";

/** A coturn of Debian's in the foreground. Ended when disposed. */
export interface Coturn extends AsyncDisposable {
  /** What it has said, with each allocation and refusal. */
  readonly said: () => string;
}

/** Options of {@link startCoturn}. */
export interface CoturnOptions {
  /** Options of the command line, which go before those of the file. */
  readonly options: readonly string[];
  /** Words before the command: `ip netns exec NAME`. */
  readonly through?: readonly string[];
  /** Takes lines out of the documented configuration. */
  readonly without?: RegExp;
}

/** Starts it with the configuration that our documentation gives; resolves when it listens. Throws a sentence otherwise. */
export async function startCoturn({ options, through = [], without }: CoturnOptions): Promise<Coturn> {
  const folder = await mkdtemp(join(tmpdir(), "doorward-turn-"));
  const config = join(folder, "turnserver.conf");
  const lines = readFileSync(documentedConfig, "utf8").split("\n");
  await writeFile(config, lines.filter((line) => !without?.test(line)).join("\n"));
  const own = ["--log-file", "stdout", "--simple-log", "--verbose", "--pidfile", join(folder, "pid")];
  const command = [...through, "turnserver", "-c", config, "--userdb", join(folder, "db"), ...own, ...options];
  const child = spawn(command[0] ?? "", command.slice(1), { stdio: ["ignore", "pipe", "pipe"], cwd: folder });
  let said = "";
  const heard = (bytes: Buffer) => {
    said += String(bytes);
    child.emit("said");
  };
  child.stdout.on("data", heard);
  child.stderr.on("data", heard);
  const failed = once(child, "error").then(([error]) => {
    throw new Error(`this test needs the Debian package coturn (${String(error)})`);
  });
  failed.catch(() => {});
  await Promise.race([failed, listening(child, () => said)]);
  return {
    said: () => said,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      await rm(folder, { recursive: true });
    },
  };
}

async function listening(child: ChildProcess, said: () => string): Promise<void> {
  while (!/Total General servers/.test(said())) {
    if (child.exitCode !== null) throw new Error(`coturn ended: ${said()}`);
    await Promise.race([once(child, "said"), once(child, "exit")]);
  }
}
