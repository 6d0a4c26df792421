// What this machine takes for work that no hub can do without, measured in the same run as the benches.
import { fork, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { percentile, round } from "./figures.ts";
import { footprintMb } from "./process-figures.ts";

/** Absolute figures hold on one machine only; these are what they are divided by. */
export interface MachineFloor {
  /** Datagrams of 1200 bytes that a plain loop hands to the system, per CPU second. */
  readonly packets: number;
  /** Messages of a door station that a plain `JSON.parse` reads, per CPU second. */
  readonly messages: number;
  /** An empty Node program from spawning it until it has said a word, ms. */
  readonly startMs: number;
  /** What that program takes of the memory, MB. */
  readonly memoryMb: number;
  /** One way of a datagram between two idle Node programs, ms (half of there and back, p50). */
  readonly hopMs: number;
}

const loopMs = 1000;
const starts = 7;
const hops = 300;
const message = JSON.stringify({
  ...{ type: "event", event: "ring", id: "front-door-17", at: "2026-11-26T15:19:59.123Z" },
  ...{ door: "front-door", bell: "main", who: { name: "Anna", floor: 2 }, tags: ["a", "b", "c"], level: 0.25 },
});

/** Takes about five seconds. */
export async function measureMachine(): Promise<MachineFloor> {
  return {
    packets: await plainPackets(),
    messages: plainMessages(),
    ...(await emptyProgram()),
    hopMs: await hopMs(),
  };
}

async function plainPackets(): Promise<number> {
  using sink = await open();
  using source = await open();
  source.socket.connect(sink.port, "127.0.0.1");
  await once(source.socket, "connect");
  const packet = Buffer.alloc(1200, 0x5a);
  let sent = 0;
  await sendFor(200, source.socket, packet);
  const before = process.cpuUsage();
  sent = await sendFor(loopMs, source.socket, packet);
  const { user, system } = process.cpuUsage(before);
  return Math.round((sent * 1e6) / (user + system));
}

/** In runs of 64, so that what waits stays small. */
async function sendFor(ms: number, socket: Socket, packet: Buffer): Promise<number> {
  let sent = 0;
  for (const endMs = performance.now() + ms; performance.now() < endMs; sent += 64) {
    for (let n = 0; n < 64; n++) socket.send(packet);
    await setImmediate();
  }
  return sent;
}

function plainMessages(): number {
  const read = (ms: number) => {
    let count = 0;
    for (const endMs = performance.now() + ms; performance.now() < endMs; count += 100) {
      for (let n = 0; n < 100; n++) JSON.parse(message);
    }
    return count;
  };
  read(200);
  const before = process.cpuUsage();
  const count = read(loopMs);
  const { user, system } = process.cpuUsage(before);
  return Math.round((count * 1e6) / (user + system));
}

async function emptyProgram(): Promise<Pick<MachineFloor, "startMs" | "memoryMb">> {
  const tookMs: number[] = [];
  let memoryMb = 0;
  for (let n = 0; n < starts; n++) {
    const begunMs = performance.now();
    const child = spawn(process.execPath, ["-e", "console.log(1);setInterval(() => {}, 1e6)"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    tookMs.push(performance.now() - begunMs);
    memoryMb = footprintMb([child.pid!]);
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
  return { startMs: round(percentile(tookMs, 50), 1), memoryMb: round(memoryMb, 1) };
}

async function hopMs(): Promise<number> {
  using here = await open();
  const child = fork(new URL("./echo.ts", import.meta.url), [], { execArgv: [] });
  const ended = once(child, "exit");
  try {
    const [port] = (await once(child, "message")) as [number];
    const tookMs: number[] = [];
    for (let n = 0; n < hops; n++) {
      const begunMs = performance.now();
      here.socket.send("hop", port, "127.0.0.1");
      await once(here.socket, "message");
      if (n >= hops / 3) tookMs.push((performance.now() - begunMs) / 2);
    }
    return round(percentile(tookMs, 50), 3);
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

async function open(): Promise<Disposable & { readonly socket: Socket; readonly port: number }> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { socket, port: socket.address().port, [Symbol.dispose]: () => void socket.close() };
}
