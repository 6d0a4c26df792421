import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { messageOf } from "../../src/util/errors.ts";
import { relayProgram } from "./room-programs.ts";

/** One end of a {@link RoomNet}. */
export interface RoomEnd {
  readonly address: string;
  /** Words before a command line that run it at this end. */
  readonly through: readonly string[];
}

/** Network namespaces on one bridge. Taken down when disposed. */
export interface RoomNet extends AsyncDisposable {
  readonly ends: readonly RoomEnd[];
}

/** Name of the network interface at each end. */
export const endInterface = "va";

/**
 * Network namespaces on a bridge, one for each end; behind `bad` ones a relay loses 5 % of the datagrams and sends the
 * others four times; before those that have `loses` it loses so many percent and sends the others once. Needs root and iproute2, and the relay built (`buildNativeStation`); throws a sentence that says so.
 */
export async function openRoomNet(
  ends: readonly { readonly bad?: boolean; readonly loses?: number }[],
): Promise<RoomNet> {
  await using stack = new AsyncDisposableStack();
  const net = opened++;
  const middle = namespace("m", { net, stack });
  ip(`-n ${middle} link add br0 type bridge`);
  ip(`-n ${middle} link set br0 up`);
  const made: RoomEnd[] = [];
  for (const [at, { bad = false, loses }] of ends.entries()) {
    const space = namespace(`${at}`, { net, stack });
    const address = `10.66.0.${at + 1}`;
    ip(`link add ${endInterface} netns ${space} type veth peer name e${at} netns ${middle}`);
    ip(`-n ${space} addr add ${address}/24 dev ${endInterface}`);
    // What is put together beyond a packet's size would not fit through the relay.
    ip(`-n ${space} link set ${endInterface} gso_max_segs 1 up`);
    ip(`-n ${space} link set lo up`);
    ip(`-n ${space} route add 224.0.0.0/4 dev ${endInterface}`);
    ip(`-n ${middle} link set e${at} up`);
    if (bad || loses !== undefined) await putRelayBefore(`e${at}`, { middle, stack, loses });
    else ip(`-n ${middle} link set e${at} master br0`);
    made.push({ address, through: ["ip", "netns", "exec", space] });
  }
  const teardown = stack.move();
  return { ends: made, [Symbol.asyncDispose]: () => teardown.disposeAsync() };
}

async function putRelayBefore(
  end: string,
  how: { readonly middle: string; readonly stack: AsyncDisposableStack; readonly loses: number | undefined },
): Promise<void> {
  const { middle, stack, loses } = how;
  const network = loses === undefined ? ["5", "4"] : [`${loses}`, "1"];
  ip(`-n ${middle} link add r${end} type veth peer name b${end}`);
  ip(`-n ${middle} link set b${end} master br0 up`);
  ip(`-n ${middle} link set r${end} up`);
  const relay = spawn("ip", ["netns", "exec", middle, relayProgram, end, `r${end}`, ...network], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  stack.defer(async () => {
    if (relay.exitCode !== null) return;
    relay.kill("SIGKILL");
    await once(relay, "exit");
  });
  await once(relay.stdout, "data");
}

/** Networks that were opened by this process: several may be open at once. */
let opened = 0;

function namespace(
  side: string,
  { net, stack }: { readonly net: number; readonly stack: AsyncDisposableStack },
): string {
  const name = `dwr${process.pid}n${net}${side}`;
  try {
    ip(`netns add ${name}`);
  } catch (error) {
    const why = (error as { stderr?: Buffer }).stderr?.toString().trim() || messageOf(error);
    throw new Error(`this test needs network namespaces: run it as root with the Debian package iproute2 (${why})`, {
      cause: error,
    });
  }
  stack.defer(() => ip(`netns del ${name}`));
  return name;
}

function ip(line: string): void {
  execFileSync("ip", line.split(" "), { stdio: "pipe" });
}
