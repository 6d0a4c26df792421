import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../free-port.ts";

/** A real Mosquitto on loopback; ended when disposed. */
export interface Mosquitto extends AsyncDisposable {
  readonly port: number;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with nothing kept. */
  start(): Promise<void>;
}

/** Options of {@link startMosquitto}. */
export interface MosquittoOptions {
  /** Lines of its configuration beside listener and log. */
  readonly lines?: readonly string[];
}

/** Starts Mosquitto (Debian package mosquitto) on a free port; resolves when it listens. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), "doorward-mosquitto-"));
  const port = await freePort();
  const file = join(folder, "mosquitto.conf");
  const lines = options.lines ?? ["allow_anonymous true"];
  writeFileSync(file, `${[`listener ${port} 127.0.0.1`, ...lines, "persistence false"].join("\n")}\n`);
  let child: ChildProcess | undefined;
  const start = async () => {
    child = spawn("mosquitto", ["-c", file, "-v"], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: `${process.env["PATH"]}:/usr/sbin` },
    });
    const said: string[] = [];
    if (!child.stderr) throw new Error("mosquitto has no stderr");
    for await (const line of createInterface({ input: child.stderr })) {
      said.push(line);
      if (/ running$/.test(line)) break;
    }
    child.stderr.resume();
    if (child.exitCode !== null) throw new Error(`mosquitto did not start:\n${said.join("\n")}`);
  };
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    port,
    kill,
    start,
    [Symbol.asyncDispose]: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What `mosquitto_sub -v` prints, line by line. */
export interface Listening extends AsyncDisposable {
  readonly lines: readonly string[];
  /** Resolves with the first line that fits, of those that came or come; throws when the program ends before it. */
  line(pattern: RegExp): Promise<string>;
}

/** Starts `mosquitto_sub -v` (Debian package mosquitto-clients); resolves when it has subscribed. */
export async function mosquittoSub(args: readonly string[]): Promise<Listening> {
  const child = spawn("stdbuf", ["-oL", "mosquitto_sub", "-h", "127.0.0.1", "-d", "-v", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const ready = Promise.withResolvers<void>();
  let end: Error | undefined;
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (/^Subscribed/.test(line)) ready.resolve();
    else if (!/^(Client|Subscribed) /.test(line)) lines.push(line);
    for (const look of waiting) look();
  });
  const said: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => said.push(line));
  child.once("exit", (code) => {
    end = new Error(`mosquitto_sub ended with ${code}: ${said.join("; ")}`);
    ready.reject(end);
    for (const look of waiting) look();
  });
  await ready.promise;
  return {
    lines,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find((line) => pattern.test(line));
          if (found === undefined && !end) return;
          waiting.delete(look);
          if (found === undefined) reject(end);
          else resolve(found);
        };
        waiting.add(look);
        look();
      }),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}
