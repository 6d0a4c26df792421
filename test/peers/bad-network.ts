import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { messageOf } from "../../src/util/errors.ts";

/** How bad the network is; times in milliseconds, shares from 0 to 1. */
export interface BadNetworkOptions {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly loss: number;
  /** For so long everything stands still at each `stall`. */
  readonly stallMs: number;
  /** Jitter keeps the order of packets, as on Wi-Fi. */
  readonly ordered: boolean;
  readonly seed: number;
}

/** Two network namespaces with a bad network between them. Dispose it to take it down. */
export interface BadNetwork extends AsyncDisposable {
  /** One end: how to start a program there, and its address. */
  readonly near: NetworkEnd;
  readonly far: NetworkEnd;
  /** Nothing gets through from now on for `stallMs`; then everything that was held back does. */
  stall(): void;
}

/** One end of a {@link BadNetwork}. */
export interface NetworkEnd {
  readonly address: string;
  /** Words before a command line that run it at this end. */
  readonly prefix: readonly string[];
}

/**
 * Builds the network of impair.py. Needs root, iproute2, python3 and /dev/net/tun; throws a sentence that says so where
 * they are missing.
 */
export async function openBadNetwork(options: BadNetworkOptions): Promise<BadNetwork> {
  await using stack = new AsyncDisposableStack();
  const [near, far] = [namespace("a", stack), namespace("b", stack)];
  const addresses = ["10.77.0.1", "10.77.0.2"] as const;
  const script = join(import.meta.dirname, "impair.py");
  const child = spawn("python3", [script, near, addresses[0], far, addresses[1], ...flags(options)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  stack.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill();
    await once(child, "exit");
  });
  const trouble: Buffer[] = [];
  child.stderr.on("data", (bytes: Buffer) => trouble.push(bytes));
  const ready = await Promise.race([
    once(child.stdout, "data").then(() => true),
    once(child, "close").then(() => false),
  ]);
  if (!ready)
    throw new Error(`the bad network did not come up (needs root, iproute2, /dev/net/tun): ${Buffer.concat(trouble)}`);
  const teardown = stack.move();
  const end = (name: string, address: string) => ({ address, prefix: ["ip", "netns", "exec", name] });
  return {
    near: end(near, addresses[0]),
    far: end(far, addresses[1]),
    stall: () => void child.kill("SIGUSR1"),
    [Symbol.asyncDispose]: () => teardown.disposeAsync(),
  };
}

function namespace(side: string, stack: AsyncDisposableStack): string {
  const name = `dw${process.pid}${side}`;
  try {
    execFileSync("ip", ["netns", "add", name], { stdio: "pipe" });
  } catch (error) {
    const why = (error as { stderr?: Buffer }).stderr?.toString().trim() || messageOf(error);
    throw new Error(
      `this test needs network namespaces: run it as root with the Debian packages iproute2 and python3 (${why})`,
      { cause: error },
    );
  }
  stack.defer(() => void execFileSync("ip", ["netns", "del", name], { stdio: "pipe" }));
  return name;
}

function flags(options: BadNetworkOptions): string[] {
  const values = {
    delay: options.delayMs,
    jitter: options.jitterMs,
    loss: options.loss,
    stall: options.stallMs / 1000,
    seed: options.seed,
    seconds: 300,
  };
  const pairs = Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return options.ordered ? [...pairs, "--fifo"] : pairs;
}
