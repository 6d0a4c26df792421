import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");
const native = join(root, "native", "room-station");

/** One of our programs that are stations; both take the same options. */
export interface StationProgram {
  readonly name: string;
  readonly command: readonly string[];
  /** What it says when it hears, if it says so. */
  readonly ready?: RegExp;
}

/** What a station counted, as it prints it at its end. */
export interface StationReport {
  readonly id: string;
  readonly sent: number;
  readonly own: number;
  readonly ignored: number;
  readonly duplicate: number;
  readonly decoded: number;
  readonly repaired: number;
  readonly concealed: number;
  readonly silent: number;
  readonly malformed: number;
}

/** A station's process. Killed when disposed. */
export interface StationProcess extends AsyncDisposable {
  readonly process: ChildProcess;
  /** What it counted, when it has ended by itself; throws with what it said when it failed. */
  readonly report: Promise<StationReport>;
  /** Resolves when it hears. */
  readonly running: Promise<void>;
  /** Resolves when it has said something that fits. */
  says(pattern: RegExp): Promise<void>;
}

/** Builds the station in C, and the relay for a bad network, one test file at a time; throws with what the compiler said. */
export async function buildNativeStation(): Promise<void> {
  const child = spawn("flock", [native, "make", "-s", "build/room-station", "build/relay"], { cwd: native });
  const said: Buffer[] = [];
  child.stderr.on("data", (bytes: Buffer) => said.push(bytes));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the station in C was not built: ${Buffer.concat(said)}`);
}

/** Where the relay is, once it is built. */
export const relayProgram = join(native, "build", "relay");

/** Both stations, once they are built. */
export const stationPrograms: readonly StationProgram[] = [
  { name: "the station in C", command: [join(native, "build", "room-station")] },
  {
    name: "the station in TypeScript",
    command: [process.execPath, join(root, "bin", "doorward.js"), "room-station", "--json", "--sound", "none"],
    ready: / is intercom_/,
  },
];

/** How a station is started. */
export interface StationStart {
  /** Put in front, e.g. `ip netns exec NAME`. */
  readonly through?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Its standard input and output are the test's: keys, and samples (`--out -`). */
  readonly piped?: boolean;
}

/** Starts a station. */
export function startStation(program: StationProgram, args: readonly string[], how: StationStart = {}): StationProcess {
  const [first = "", ...rest] = [...(how.through ?? []), ...program.command, ...args];
  const child = spawn(first, rest, {
    stdio: how.piped ? ["pipe", "pipe", "pipe"] : ["ignore", "ignore", "pipe"],
    env: { ...process.env, NODE_NO_WARNINGS: "1", ...how.env },
  });
  let said = "";
  const look = new Set<() => void>();
  child.stderr?.on("data", (text: Buffer) => {
    said += text;
    for (const one of look) one();
  });
  const over = once(child, "close");
  const report = over.then(([code, signal]) => {
    const line = said.split("\n").findLast((one) => one.startsWith('{"id"'));
    if (line === undefined) throw new Error(`${program.name} ended with ${signal ?? code}: ${said}`);
    return JSON.parse(line) as StationReport;
  });
  report.catch(() => {});
  const says = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!pattern.test(said)) return;
        look.delete(check);
        resolve();
      };
      look.add(check);
      over.then(() => reject(new Error(`${program.name} ended before it said ${pattern}: ${said}`)), reject);
      check();
    });
  const running = program.ready ? says(program.ready) : new Promise<void>((resolve) => setTimeout(resolve, 300));
  running.catch(() => {});
  return {
    process: child,
    report,
    running,
    says,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await over;
    },
  };
}
