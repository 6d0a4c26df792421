import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { Ears } from "../src/protocols/room/ears.ts";

import { serializeRoomPacket } from "../src/protocols/room/packet.ts";
import { systemClock } from "../src/util/clock.ts";
import { silentLog } from "../src/util/log.ts";
import { PaceThread } from "../src/workers/pace/index.ts";
import { percentile, round } from "./figures.ts";
import { atMost, type BenchResult, type BenchRow } from "./result.ts";
import { decisions, fromBrowser, type ListenerKind, relayed, relayListeners, throughHub } from "./room-hub.ts";
import { benchStation, bursts, listener, onsets, talks } from "./room-stations.ts";

const port = 15_950;
const kinds: readonly ListenerKind[] = [
  "nobody",
  "stations, once to the group",
  "stations, to each",
  "PCM clients",
  "browsers",
];

/**
 * Sound from mouth to ear, directly, through the hub and from a browser; what a stream costs the hub for listeners of each
 * kind; the floor; and the 20 ms clock of what is sent, alone and beside busy processes.
 */
export async function run(): Promise<BenchResult> {
  const relays: BenchRow[] = [];
  const direct = delayRows("mouth to ear, station to station directly", { delays: await mouthToEar(), reach: 120 });
  const hub = delayRows("mouth to ear, station to station through the hub", { delays: await throughHub(), reach: 120 });
  const browser = delayRows("mouth to ear, browser to station", { delays: await fromBrowser(), reach: 200 });
  for (const kind of kinds) {
    const what =
      kind === "nobody" ? "CPU of one stream to one station" : `CPU of one stream to ${relayListeners} ${kind}`;
    relays.push({ what, value: await relayed(kind), unit: "% of a core" });
  }
  const { hubMs, seenMs } = await decisions(200);
  const calm = await lateness();
  const busy = await besideBusyProcesses(lateness);
  return {
    name: "room",
    rows: [
      ...direct,
      ...hub,
      ...browser,
      ...relays,
      ...spreadRows("floor decision in the hub", hubMs),
      ...spreadRows("floor decision as a client sees it", seenMs),
      { what: "packets heard per CPU second (order, copies, talks)", value: heardPerCpuSecond(), unit: "packets" },
      ...spreadRows("20 ms clock, lateness", calm),
      ...spreadRows("the same beside two processes that burn CPU", busy),
    ],
  };
}

function delayRows(what: string, { delays, reach }: { readonly delays: readonly number[]; readonly reach: number }) {
  if (delays.length < onsets / 2) throw new Error(`${what}: ${delays.length} of ${onsets} bursts were heard`);
  const [p50, p95] = [50, 95].map((percent) => round(percentile(delays, percent), 1));
  return [
    { what: `${what}, p50`, value: p50!, unit: "ms" },
    atMost("the same, p95", { value: p95!, unit: "ms", reach }),
  ];
}

function spreadRows(what: string, values: readonly number[]): BenchRow[] {
  return [50, 99].map((percent) => ({
    what: `${what}, p${percent}`,
    value: round(percentile(values, percent), 2),
    unit: "ms",
  }));
}

/** From the first sample of a burst at the microphone to the first loud frame at the other's loudspeaker, ms. */
async function mouthToEar(): Promise<number[]> {
  const [spokenMs, heardMs]: [number[], number[]] = [[], []];
  const group = "224.0.0.100";
  await using ear = await benchStation({
    name: "Ear",
    address: "127.0.0.3",
    group,
    port,
    loudspeaker: listener(heardMs),
  });
  await using mouth = await benchStation({
    name: "Mouth",
    address: "127.0.0.2",
    group,
    port,
    microphone: bursts(spokenMs),
  });
  if (ear.id === mouth.id) throw new Error("two stations are one");
  return await talks(mouth, { spokenMs, heardMs });
}

/** How much later than on a grid of 20 ms each packet of a talk arrives on loopback, ms. */
async function lateness(): Promise<number[]> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const atMs: number[] = [];
  socket.on("message", () => atMs.push(performance.now()));
  await using pace = new PaceThread({ log: silentLog });
  const silence = new Uint8Array(8);
  const to = { address: "127.0.0.1", port: (socket.address() as AddressInfo).port };
  const talk = pace.begin([to], {
    sender: "00112233445566ff",
    priority: 0,
    sequence: 0,
    silence,
    leadIn: 500,
    trailOut: 0,
  });
  await systemClock.sleep(10_300);
  talk.finish();
  await talk.over;
  socket.close();
  const offsets = atMs.map((ms, n) => ms - n * 20);
  const earliest = Math.min(...offsets);
  return offsets.map((ms) => ms - earliest);
}

async function besideBusyProcesses<T>(measure: () => Promise<T>): Promise<T> {
  const busy: ChildProcess[] = [1, 2].map(() => spawn(process.execPath, ["-e", "for(;;);"], { stdio: "ignore" }));
  try {
    return await measure();
  } finally {
    for (const child of busy) child.kill("SIGKILL");
  }
}

function heardPerCpuSecond(): number {
  using ears = new Ears({ clock: systemClock, own: new Set(), onTalk: () => ({ write: () => {}, end: () => {} }) });
  const packets = Array.from({ length: 50_000 }, (_, sequence) =>
    serializeRoomPacket({ sender: "00112233445566ff", sequence, priority: 0, opus: new Uint8Array(80) }),
  );
  const before = process.cpuUsage();
  for (const packet of packets) ears.hear(packet, { address: "127.0.0.1", group: "224.0.0.100" });
  const { user, system } = process.cpuUsage(before);
  return Math.round((packets.length / (user + system)) * 1e6);
}
