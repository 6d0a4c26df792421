import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { HubRig } from "./hub-rig.ts";
import { until } from "./hub-rig.ts";
import { watchHub } from "./hub-viewer.ts";

const root = join(import.meta.dirname, "..", "..");
const password = "correct horse battery";

/** A hub in a process of its own, with an administrator whose password was given just now. */
export interface HubProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly cookie: string;
  readonly dataDir: string;
  readonly configPath: string;
  call(method: string, path: string, body?: unknown): Promise<Response>;
  /** Signs the administrator in; the answer of the hub. */
  login(given?: string): Promise<Response>;
  /** What `/health` says. */
  health(): Promise<{
    readonly status: string;
    readonly faults?: readonly { readonly id: string; readonly what: string }[];
  }>;
  /** For {@link watchHub}. */
  readonly rig: HubRig;
  /** Ends it at once, with no chance to tidy up. */
  kill(): Promise<void>;
}

/** Options of {@link startHubProcess}. */
export interface HubProcessOptions {
  readonly folder: string;
  /** Text of `doorward.yaml`; what is there stays when it is not given. */
  readonly config?: string;
  /** Where it listens; any free port unless given. */
  readonly httpPort?: number;
  /** Runs the hub through something: `["unshare", "-m", ...]`. */
  readonly through?: readonly string[];
}

/** Viewers and publishers come to a fixed UDP port unless told otherwise, which hubs of other tests may have at this moment. */
function withFreePorts(config: string): string {
  const missing = ["webrtc", "whip"].filter((what) => !new RegExp(`^${what}:`, "m").test(config));
  return [config.trimEnd(), ...missing.map((what) => `${what}: { udpPort: 0 }`), ""].join("\n");
}

/** Starts the hub in a folder, for the first time (set-up) or again (log-in). */
export async function startHubProcess(options: HubProcessOptions): Promise<HubProcess> {
  const configPath = join(options.folder, "doorward.yaml");
  const dataDir = join(options.folder, "data");
  await mkdir(dataDir, { recursive: true });
  if (options.config !== undefined) await writeFile(configPath, withFreePorts(options.config));
  const ports = ["--http-port", `${options.httpPort ?? 0}`, "--https-port", "0"];
  const command = [
    ...(options.through ?? []),
    ...[process.execPath, join(root, "bin", "doorward.js"), "hub", "--config", configPath, "--data", dataDir],
    ...[...ports, "--json"],
  ];
  const child = spawn(command[0] ?? "", command.slice(1), {
    ...{ stdio: ["ignore", "pipe", "pipe"], cwd: options.folder },
    env: { ...process.env, DOORWARD_MDNS: "off" },
  });
  const said: string[] = [];
  child.stderr.on("data", (chunk) => {
    said.push(String(chunk));
    if (process.env["HUB_STDERR"]) process.stderr.write(chunk);
  });
  const gone = once(child, "exit");
  const first = once(createInterface({ input: child.stdout }), "line");
  const [line] = (await Promise.race([first, gone])) as [unknown];
  if (typeof line !== "string") throw new Error(`the hub did not start: ${said.join("")}`);
  const { httpUrl: url, setupCode } = JSON.parse(line) as { httpUrl: string; setupCode?: string };
  const headers = { "content-type": "application/json", "x-doorward": "1", origin: url.slice(0, -1) };
  const post = (path: string, body: object) =>
    fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  const login = (given = password) => post("api/v1/login", { name: "Anna", password: given });
  const answer = setupCode ? await post("api/v1/setup", { code: setupCode, name: "Anna", password }) : await login();
  if (!answer.ok) throw new Error(`nobody could sign in: ${answer.status} ${await answer.text()}`);
  const cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const { "content-type": _json, ...plain } = headers;
  const call: HubProcess["call"] = (method, path, body) =>
    fetch(`${url}${path}`, {
      method,
      headers: { ...(body === undefined ? plain : headers), cookie },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await gone;
  };
  return {
    url,
    pid: child.pid ?? 0,
    cookie,
    dataDir,
    configPath,
    call,
    login,
    health: async () => (await (await fetch(`${url}health`)).json()) as Awaited<ReturnType<HubProcess["health"]>>,
    rig: { running: { httpUrl: url }, cookie } as HubRig,
    kill: () => end("SIGKILL"),
    [Symbol.asyncDispose]: async () => void (isRunning(child) && (await end("SIGTERM"))),
  };
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** A viewer that knows its longest silence. */
export interface WatchedPicture extends AsyncDisposable {
  /** Longest time without a packet since the last call, in milliseconds. */
  silenceMs(): number;
}

/** Watches a device; resolves when the picture runs. */
export async function watchSilence(hub: Pick<HubProcess, "rig">, id: string): Promise<WatchedPicture> {
  let [count, lastMs, longestMs] = [0, performance.now(), 0];
  const look = () => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    return nowMs;
  };
  const viewer = await watchHub(hub.rig, id, {
    onPacket: (kind) => {
      if (kind !== "video") return;
      lastMs = look();
      count++;
    },
  });
  await until("the picture runs", async () => count > 50);
  longestMs = 0;
  return {
    silenceMs: () => {
      look();
      const longest = longestMs;
      longestMs = 0;
      return longest;
    },
    [Symbol.asyncDispose]: () => viewer[Symbol.asyncDispose](),
  };
}
