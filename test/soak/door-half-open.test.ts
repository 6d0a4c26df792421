import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { systemClock } from "../../src/util/clock.ts";
import { openRoomNet, type RoomEnd } from "../e2e/room-net.ts";

/** A station of before: registers, and then only reads. It knows no pings. */
const station = `
import json, socket, sys
link = socket.create_connection((sys.argv[1], 8765))
link.sendall(json.dumps({"type": "register", "role": "intercom", "client_id": "front-door"}).encode() + b"\\n")
while True:
    data = link.recv(65536)
    if not data: break
    sys.stdout.buffer.write(data); sys.stdout.buffer.flush()
`;

interface Said {
  readonly at: number;
  readonly phase?: string;
  readonly connections?: number;
  readonly command?: string;
}

/** A program at one end, with what it writes. */
function run(end: RoomEnd, command: readonly string[], stack: AsyncDisposableStack) {
  const [program = "", ...args] = [...end.through, ...command];
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  stack.defer(async () => await ended(child));
  return { child, lines };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function until<T>(look: () => T | undefined, atMostS: number): Promise<T> {
  const endUs = systemClock.nowUs() + atMostS * 1e6;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (systemClock.nowUs() > endUs) throw new Error(`never came true: ${look}`);
    await systemClock.sleep(50);
  }
}

test("a station whose path is cut leaves by keep-alive, and one that comes again takes the place of its dead connection", async (t) => {
  await using stack = new AsyncDisposableStack();
  const net = stack.use(await openRoomNet([{}, {}, {}]));
  const [house, door, after] = net.ends as [RoomEnd, RoomEnd, RoomEnd];
  const path = (end: "e1" | "e2", state: "up" | "down") =>
    execFileSync("ip", [
      "-n",
      `dwr${process.pid}m`,
      "link",
      "set",
      end,
      ...(state === "up" ? ["master", "br0"] : ["nomaster"]),
    ]);
  const hub = run(house, [process.execPath, join(import.meta.dirname, "half-open-hub.ts")], stack);
  const said = () => hub.lines.map((line) => JSON.parse(line) as Said);
  await until(() => hub.lines[0], 20);
  const begin = (at: RoomEnd) => run(at, ["python3", "-u", "-c", station, house.address], stack);
  const isIn = ({ lines }: { readonly lines: readonly string[] }) => lines.find((line) => line.includes("registered"));

  const first = begin(door);
  await until(() => isIn(first), 10);
  // The power fails: no byte comes from there any more, not even a goodbye. It comes again while the hub still holds the dead one.
  path("e1", "down");
  const second = begin(after);
  await until(() => isIn(second), 10);
  await until(() => (said().at(-1)?.connections === 2 && said().at(-1)?.phase === "live" ? true : undefined), 10);
  assert.deepEqual(
    said().filter(({ phase, connections = 0 }) => phase === "away" && connections > 0),
    [],
  );

  path("e2", "down");
  const cutS = systemClock.wallMs() / 1000;
  const gone = await until(() => said().find(({ phase, connections = 0 }) => phase === "away" && connections > 0), 60);
  t.diagnostic(`idle: away ${(gone.at - cutS).toFixed(1)} s after the cut`);
  assert.ok(gone.at - cutS > 10 && gone.at - cutS < 45, `after ${gone.at - cutS} s`);
  path("e2", "up");
  await ended(second.child);

  const third = begin(after);
  await until(() => isIn(third), 10);
  path("e2", "down");
  const askedS = systemClock.wallMs() / 1000;
  hub.child.stdin?.write("unlock\n");
  const answered = await until(() => said().find(({ command }) => command !== undefined), 30);
  t.diagnostic(`asked in vain: ${answered.command} after ${(answered.at - askedS).toFixed(1)} s`);
  const left = await until(
    () => said().filter(({ phase, connections = 0 }) => phase === "away" && connections > 0)[1],
    120,
  );
  t.diagnostic(`asked in vain: away ${(left.at - askedS).toFixed(1)} s after the cut`);
  assert.ok(left.at - askedS < 60, `after ${left.at - askedS} s`);
});
