import { spawnSync } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { openStation, openWire, type Wire } from "./door-wire.ts";
import { percentile, round } from "./figures.ts";
import { type BenchHub, startHub } from "./hub.ts";
import { cpuSeconds, footprintMb } from "./process-figures.ts";
import { atMost, type BenchResult, type BenchRow } from "./result.ts";

const port = 18_765;
const idleStations = 1000;
const streams = 200;
/** As many as a client may have. */
const streamsOfClient = 8;
const frameMs = 40;
const soundSeconds = 10;
const settleMs = 2000;

/** Door stations by JSON lines: what a message and an idle station cost the hub, and many streams at once on one core. */
export async function run(): Promise<BenchResult> {
  return { name: "door", rows: [...(await messages()), ...(await memory()), ...(await sound())] };
}

function doorHub(stations = 0): Promise<BenchHub> {
  const ids = Array.from({ length: stations }, (_, n) => `station-${n}`);
  const devices = Object.fromEntries(ids.map((id) => [id, { arrives: "door" }]));
  return startHub({ devices, config: { enrolment: "open", door: { port } }, signIn: false });
}

/** Events of a station to a client, and commands of the client with their answers. */
async function messages(): Promise<BenchRow[]> {
  await using hub = await doorHub();
  await using station = await openStation(port, "front-door");
  await using client = await openWire(port, { role: "home_assistant", client_id: "bench" });
  const event = { type: "event", event: "contact", payload: { open: true } };
  const events = await perCpuSecond(hub, {
    client,
    count: 100_000,
    counts: '"event"',
    send: () => station.say(event),
  });
  const command = { type: "command", command: "status", payload: {} };
  const commands = await perCpuSecond(hub, {
    client,
    count: 20_000,
    counts: '"response"',
    send: () => client.say(command),
    // Of one client so many may wait for an answer.
    window: 30,
  });
  return [
    { what: "events to one client, per CPU second", value: events, unit: "messages", floor: "messages" },
    {
      what: "commands with acknowledgement and answer, per CPU second",
      value: commands,
      unit: "commands",
      floor: "messages",
    },
  ];
}

async function perCpuSecond(
  hub: BenchHub,
  how: {
    readonly client: Wire;
    readonly count: number;
    readonly counts: string;
    readonly send: () => void;
    readonly window?: number;
  },
): Promise<number> {
  const { client, count, counts, send, window = 500 } = how;
  const { promise, resolve } = Promise.withResolvers<void>();
  let [sent, came] = [0, 0];
  const fill = () => {
    while (sent < count && sent - came < window) {
      sent++;
      send();
    }
  };
  client.onLine = (line) => {
    if (!line.includes(counts)) return;
    if (++came === count) resolve();
    fill();
  };
  const before = cpuSeconds(hub.pid);
  fill();
  await promise;
  client.onLine = () => {};
  return Math.round(count / (cpuSeconds(hub.pid) - before));
}

async function memory(): Promise<BenchRow[]> {
  await using hub = await doorHub(idleStations);
  await using stack = new AsyncDisposableStack();
  stack.use(await openStation(port, "first"));
  await wait(settleMs);
  const beforeMb = footprintMb([hub.pid]);
  for (let n = 0; n < idleStations; n++) stack.use(await openStation(port, `station-${n}`));
  await wait(settleMs);
  const eachKb = (1024 * (footprintMb([hub.pid]) - beforeMb)) / idleStations;
  return [{ what: `per connected station, ${idleStations} of them idle`, value: round(eachKb, 1), unit: "KB" }];
}

/** Every stream is of a station of its own, and starts at a moment of its own. */
async function sound(): Promise<BenchRow[]> {
  await using hub = await doorHub(streams);
  // Each on a core of its own, where there are two: this process takes more than the hub.
  for (const [core, pid] of [hub.pid, process.pid].entries()) spawnSync("taskset", ["-acp", `${core}`, `${pid}`]);
  await using stack = new AsyncDisposableStack();
  const sentMs: number[][] = Array.from({ length: streams }, () => []);
  const delaysMs: number[] = [];
  const stations: Wire[] = [];
  for (let n = 0; n < streams; n++) stations.push(stack.use(await openStation(port, `station-${n}`)));
  for (let n = 0; n < streams; n += streamsOfClient) {
    const client = stack.use(
      await openWire(port, { role: "home_assistant", client_id: `bench-${n}`, features: ["stations"] }),
    );
    await openStreams(
      client,
      Array.from({ length: streamsOfClient }, (_, index) => n + index),
    );
    client.onLine = (line) => {
      const found = /"stream_id":"s(\d+)".*?"sequence":(\d+)/.exec(line.slice(0, 300));
      const at = found && sentMs[Number(found[1])]?.[Number(found[2])];
      if (at !== null && at !== undefined) delaysMs.push(performance.now() - at);
    };
  }
  const before = cpuSeconds(hub.pid);
  const frames = await send(stations, sentMs);
  await wait(500);
  const cpu = (cpuSeconds(hub.pid) - before) / soundSeconds;
  const late = delaysMs.filter((ms) => ms > frameMs).length + frames - delaysMs.length;
  return [
    atMost(`${streams} streams of 16 kHz, frames of ${frameMs} ms, late or lost of ${frames}`, {
      value: late,
      unit: "frames",
      reach: 0,
    }),
    { what: "the same, one frame from station to client, p50", value: round(percentile(delaysMs, 50), 2), unit: "ms" },
    { what: "the same, p99.9", value: round(percentile(delaysMs, 99.9), 2), unit: "ms" },
    atMost("the same, CPU of the hub", { value: Math.round(100 * cpu), unit: "% of a core", reach: 100 }),
  ];
}

async function openStreams(client: Wire, which: readonly number[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let open = 0;
  client.onLine = (line) => {
    if (line.includes('"error"')) reject(new Error(line));
    if (line.includes('"response"') && ++open === which.length) resolve();
  };
  for (const n of which) {
    const payload = { stream_id: `s${n}` };
    client.say({ type: "command", command: "start_audio", payload, station: `station-${n}` });
  }
  await promise;
}

/** Each station sends a frame each 40 ms, all of them spread over that time. Gives how many were sent. */
async function send(stations: readonly Wire[], sentMs: readonly number[][]): Promise<number> {
  const samples = Int16Array.from({ length: frameMs * 16 }, (_, n) => Math.round(8000 * Math.sin(n * 0.3)));
  const data = Buffer.from(samples.buffer).toString("base64");
  const count = (soundSeconds * 1000) / frameMs;
  const beganMs = performance.now();
  for (let next = 0; next < count * stations.length; ) {
    const due = Math.floor(((performance.now() - beganMs) / frameMs) * stations.length);
    for (; next < Math.min(due, count * stations.length); next++) {
      const n = next % stations.length;
      const sequence = Math.floor(next / stations.length);
      const head = `{"type":"audio_frame","stream_id":"s${n}","sequence":${sequence},"encoding":"pcm_s16le"`;
      (sentMs[n] ?? [])[sequence] = performance.now();
      stations[n]?.socket.write(`${head},"sample_rate":16000,"channels":1,"data":"${data}"}\n`);
    }
    await wait(1);
  }
  return count * stations.length;
}
