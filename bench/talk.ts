import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { openTalk } from "../src/drivers/yoosee/connection.ts";
import { profiles } from "../src/drivers/yoosee/profile.ts";
import { recorded, spoken, tone } from "../src/drivers/yoosee/testing.ts";
import { playTurn } from "../src/drivers/yoosee/turn.ts";
import { pcmFormat } from "../src/media/format.ts";
import { systemClock } from "../src/util/clock.ts";
import { silentLog } from "../src/util/log.ts";
import { atMost, type BenchResult } from "./result.ts";
import type { FromEar } from "./talk-ear.ts";

const presses = 40;
const pressMs = 200;
const loadMs = 8000;
const format = pcmFormat(8000);

/**
 * Talk to a scripted Yoosee camera in a process of its own, on loopback. A press is the moment in which the hub opens
 * the speaker, with the talker's sound already flowing; it is heard when the camera's loudspeaker plays the first
 * sample that is not silence. Both processes read the machine's wall clock, which on one machine is the same.
 */
export async function run(): Promise<BenchResult> {
  await using ear = await startEar();
  const delays: number[] = [];
  await press(ear);
  for (let index = 0; index < presses; index++) delays.push(await press(ear));
  delays.sort((a, b) => a - b);
  const at = (share: number) => round(delays[Math.floor((delays.length - 1) * share)] ?? Number.NaN, 1);
  const live = await load(ear, true);
  const recording = await load(ear, false);
  return {
    name: "talk",
    rows: [
      atMost("press to first sample at the camera's ear p50", { value: at(0.5), unit: "ms", reach: 150 }),
      atMost("press to first sample at the camera's ear p95", { value: at(0.95), unit: "ms", reach: 300 }),
      { what: "CPU of one live talk", value: live, unit: "% of a core" },
      { what: "CPU of one recording", value: recording, unit: "% of a core" },
    ],
  };
}

interface Ear extends AsyncDisposable {
  readonly port: number;
  /** Forgets what was heard; then the wall-clock ms of the first sound. */
  next(): Promise<number>;
}

async function startEar(): Promise<Ear> {
  const child: ChildProcess = fork(new URL("./talk-ear.ts", import.meta.url), {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const message = async () => ((await once(child, "message")) as [FromEar])[0];
  const { port = 0 } = await message();
  return {
    port,
    next: async () => (await message()).firstSoundMs ?? Number.NaN,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await once(child, "exit");
    },
  };
}

async function press(ear: Ear): Promise<number> {
  const heard = ear.next();
  const pressedMs = wallMs();
  await talk(ear, { live: true, ms: pressMs });
  return (await heard) - pressedMs;
}

/** CPU of this process while it talks once, in percent of a core. */
async function load(ear: Ear, live: boolean): Promise<number> {
  const heard = ear.next();
  const before = process.cpuUsage();
  const startUs = systemClock.nowUs();
  await talk(ear, { live, ms: loadMs });
  const { user, system } = process.cpuUsage(before);
  await heard;
  return round(((user + system) / (systemClock.nowUs() - startUs)) * 100, 2);
}

async function talk(ear: Ear, options: { readonly live: boolean; readonly ms: number }): Promise<void> {
  const { live, ms } = options;
  const target = { host: "127.0.0.1", port: ear.port, path: "onvif1", profile: profiles.classic };
  const how = { clock: systemClock, log: silentLog };
  const frames = live ? spoken(ms, { clock: systemClock }) : recorded(tone(ms), 640);
  using connection = await openTalk(target, how);
  await playTurn(connection, frames, { ...how, target, format, live });
}

function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

if (import.meta.main) {
  const { rows } = await run();
  console.table(rows);
}
