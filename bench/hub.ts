import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nativeMemory, nodeOptions } from "../bin/supervise.mjs";
import { childrenOf, cpuSeconds } from "./process-figures.ts";

/** Options of {@link startHub}. */
export interface BenchHubOptions {
  /** Its `devices:`. */
  readonly devices?: Readonly<Record<string, object | string>>;
  /** Other sections of its configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Its folder, for a second start in the same; a new one, which goes away with the hub, unless given. */
  readonly folder?: string;
  /** Where it listens; any free port unless given. */
  readonly httpPort?: number;
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Node's own options. */
  readonly execArgv?: readonly string[];
  /** Make the first administrator and sign in; without it there is no `cookie`. */
  readonly signIn?: boolean;
}

/** The whole hub in a process of its own, on free ports of this machine, as people start it. */
export interface BenchHub extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Ends in a slash. */
  readonly url: string;
  readonly cookie: string;
  /** When the process was begun (`performance.now()`). */
  readonly begunMs: number;
  /** From then until it said where it is to be found. */
  readonly startMs: number;
  /** What all its threads used of the processor until then. */
  readonly startCpuMs: number;
  /** Process id of its WebRTC worker while that runs. */
  webrtcPid(): number | undefined;
  /** Calls it, signed in, as its own page would. */
  call(
    path: string,
    init?: { readonly method?: string; readonly type?: string; readonly body?: string },
  ): Promise<Response>;
}

const program = join(import.meta.dirname, "..", "bin", "doorward.js");

/** A folder that goes away with its scope. */
export async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "doorward-bench-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Starts it and waits until it listens. Its owner disposes it. */
export async function startHub(options: BenchHubOptions = {}): Promise<BenchHub> {
  await using opened = new AsyncDisposableStack();
  const folder = options.folder ?? opened.use(await temporaryFolder()).path;
  const config = {
    devices: options.devices ?? {},
    webrtc: { udpPort: 0 },
    whip: { udpPort: 0 },
    whep: { maxViewersPerUser: 1000 },
    mdns: "off",
    ...options.config,
  };
  await writeFile(join(folder, "doorward.yaml"), JSON.stringify(config));
  const args = ["hub", "--json", "--http-port", `${options.httpPort ?? 0}`, "--https-port", "0"];
  const begunMs = performance.now();
  const child = spawn(process.execPath, [...nodeOptions, ...(options.execArgv ?? []), program, ...args], {
    cwd: folder,
    // As the supervisor of `doorward start` starts it. What is loaded into it looks for the hub's own modules by their files.
    env: { ...nativeMemory, ...process.env, ...(options.execArgv && { DOORWARD_BUNDLE: "off" }), ...options.env },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  // A bench that breaks off leaves no hub behind.
  const onExit = () => void child.kill("SIGKILL");
  process.once("exit", onExit);
  opened.defer(async () => {
    await end(child);
    process.off("exit", onExit);
  });
  const said = await firstLine(child);
  const startMs = performance.now() - begunMs;
  const startCpuMs = cpuSeconds(child.pid!) * 1000;
  const { httpUrl: url, setupCode } = JSON.parse(said) as { httpUrl: string; setupCode: string };
  const origin = url.slice(0, -1);
  const headers = { "x-doorward": "1", origin };
  const cookie = options.signIn === false ? "" : await setUp(url, { code: setupCode, headers });
  const owned = opened.move();
  const pid = child.pid!;
  return {
    child,
    pid,
    url,
    cookie,
    begunMs,
    startMs,
    startCpuMs,
    webrtcPid: () => childrenOf(pid).find(({ command }) => /webrtc|doorward-engine/.test(command))?.pid,
    call: (path, init = {}) =>
      fetch(`${url}${path}`, {
        method: init.method ?? "GET",
        headers: { ...headers, cookie, ...(init.type ? { "content-type": init.type } : {}) },
        ...(init.body === undefined ? {} : { body: init.body }),
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  let said = "";
  child.stdout!.setEncoding("utf8");
  for await (const text of child.stdout!.iterator({ destroyOnReturn: false })) {
    said += text;
    const [line, rest] = said.split("\n");
    if (rest !== undefined) return line!;
  }
  throw new Error(`the hub did not start: ${said}`);
}

async function setUp(url: string, how: { readonly code: string; readonly headers: Record<string, string> }) {
  const answer = await fetch(`${url}api/v1/setup`, {
    method: "POST",
    headers: { ...how.headers, "content-type": "application/json" },
    body: JSON.stringify({ code: how.code, name: "Anna", password: "correct horse battery" }),
  });
  if (answer.status !== 201) throw new Error(`set-up failed: ${answer.status} ${await answer.text()}`);
  return answer.headers.getSetCookie()[0]!.split(";")[0]!;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
  await ended;
  clearTimeout(timer);
}
