import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** One end of a {@link FarNet}. */
export interface FarEnd {
  readonly address: string;
  /** Where it meets the middle. */
  readonly gateway: string;
  /** Words before a command line that run it at this end. */
  readonly through: readonly string[];
}

/** A camera's place and a hub's, with the Internet between them, in network namespaces. Taken down when disposed. */
export interface FarNet extends AsyncDisposable {
  readonly agent: FarEnd;
  readonly middle: { readonly through: readonly string[] };
  readonly hub: FarEnd;
}

/** How the middle is. */
export interface FarNetOptions {
  /** It passes on what the two send each other; otherwise no direct way connects them. */
  readonly passes: boolean;
  /** Share of the packets that the agent's line loses, and its delay each way. */
  readonly impaired?: { readonly loss: number; readonly delayMs: number };
}

const peers = join(import.meta.dirname, "..", "peers");
/** Port of the hub's for agents, in the middle and at the hub. */
export const signallingPort = 8000;

/**
 * Makes it. In the middle whoever connects to port 8000 at the agent's gateway is connected to that of the hub, as by a web
 * server that stands before it. Needs root and iproute2.
 */
export async function openFarNet(options: FarNetOptions): Promise<FarNet> {
  await using stack = new AsyncDisposableStack();
  const [agent, middle, hub] = ["a", "m", "h"].map((side) => namespace(side, stack)) as [string, string, string];
  if (options.impaired) await impaired({ agent, middle }, { ...options.impaired, stack });
  else link({ outer: agent, address: "11.1.0.2", middle, gateway: "11.1.0.1", name: "ea" });
  link({ outer: hub, address: "11.2.0.2", middle, gateway: "11.2.0.1", name: "eh" });
  for (const [space, gateway] of [
    [agent, "11.1.0.1"],
    [hub, "11.2.0.1"],
  ] as const) {
    ip(`-n ${space} route add default via ${gateway}`);
  }
  const through = (space: string) => ["ip", "netns", "exec", space];
  const forward = options.passes ? 1 : 0;
  execFileSync("ip", [...through(middle).slice(1), "sysctl", "-qw", `net.ipv4.ip_forward=${forward}`]);
  await webServer(through(middle), stack);
  const owned = stack.move();
  return {
    agent: { address: "11.1.0.2", gateway: "11.1.0.1", through: through(agent) },
    middle: { through: through(middle) },
    hub: { address: "11.2.0.2", gateway: "11.2.0.1", through: through(hub) },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function link(how: {
  readonly outer: string;
  readonly address: string;
  readonly middle: string;
  readonly gateway: string;
  readonly name: string;
}): void {
  const { outer, address, middle, gateway, name } = how;
  ip(`link add far0 netns ${outer} type veth peer name ${name} netns ${middle}`);
  ip(`-n ${outer} addr add ${address}/24 dev far0`);
  ip(`-n ${middle} addr add ${gateway}/24 dev ${name}`);
  ip(`-n ${outer} link set far0 up`);
  ip(`-n ${middle} link set ${name} up`);
}

async function impaired(
  ends: { readonly agent: string; readonly middle: string },
  how: { readonly loss: number; readonly delayMs: number; readonly stack: AsyncDisposableStack },
): Promise<void> {
  const words = [ends.agent, "11.1.0.2", ends.middle, "11.1.0.1", "--loss", how.loss, "--delay", how.delayMs];
  await helper(["python3", join(peers, "impair.py"), ...words.map(String), "--seconds", "600"], how.stack);
}

const proxy = `
const net = require("node:net");
net.createServer((from) => {
  const to = net.connect(8000, "11.2.0.2");
  from.on("error", () => to.destroy()).on("close", () => to.destroy());
  to.on("error", () => from.destroy()).on("close", () => from.destroy());
  from.pipe(to).pipe(from);
}).listen(8000, "11.1.0.1", () => console.log("ready"));
`;

async function webServer(through: readonly string[], stack: AsyncDisposableStack): Promise<void> {
  await helper([...through, process.execPath, "-e", proxy], stack);
}

/** Runs until the end of the test what says that it is ready. */
async function helper(command: readonly string[], stack: AsyncDisposableStack): Promise<void> {
  const child = spawn(command[0] ?? "", command.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
  stack.defer(async () => {
    if (child.exitCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    once(child, "exit").then(() => Promise.reject(new Error(`${command.join(" ")} ended`))),
  ]);
}

function namespace(side: string, stack: AsyncDisposableStack): string {
  const name = `dwf${process.pid}${side}`;
  ip(`netns add ${name}`);
  ip(`-n ${name} link set lo up`);
  stack.defer(() => ip(`netns del ${name}`));
  return name;
}

function ip(line: string): void {
  execFileSync("ip", line.split(" "), { stdio: "pipe" });
}
