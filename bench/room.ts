import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { rmsLevel } from "../src/codecs/pcm/index.ts";
import { noLoudspeaker, noMicrophone } from "../src/endpoints/machine/files.ts";
import type { Loudspeaker, Microphone } from "../src/endpoints/machine/ports.ts";
import { every20Ms } from "../src/endpoints/machine/ticker.ts";
import { startRoomStation } from "../src/endpoints/room-station/index.ts";
import { findInterface } from "../src/endpoints/room-station/network.ts";
import { frameSamples } from "../src/endpoints/room-station/playout.ts";
import { stationSettingsSchema } from "../src/endpoints/room-station/settings.ts";
import { Ears } from "../src/protocols/room/ears.ts";
import { serializeRoomPacket } from "../src/protocols/room/packet.ts";
import { senderOfName } from "../src/protocols/room/station-id.ts";
import { systemClock } from "../src/util/clock.ts";
import { silentLog } from "../src/util/log.ts";
import { PaceThread } from "../src/workers/pace/index.ts";
import { percentile, round } from "./figures.ts";
import { atMost, type BenchResult } from "./result.ts";

const port = 15_950;
const onsets = 30;
/** A burst of 200 ms in each 500. */
const [burstFrames, periodFrames] = [10, 25];
const loud = 0.05;

/** Two stations on loopback in this process, and the 20 ms clock of what is sent, alone and beside a busy process. */
export async function run(): Promise<BenchResult> {
  const delays = await mouthToEar();
  const calm = await lateness();
  const busy = await besideBusyProcesses(lateness);
  return {
    name: "room",
    rows: [
      { what: "mouth to ear, station to station directly, p50", value: round(percentile(delays, 50), 1), unit: "ms" },
      atMost("the same, p95", { value: round(percentile(delays, 95), 1), unit: "ms", reach: 120 }),
      { what: "packets heard per CPU second (order, copies, talks)", value: heardPerCpuSecond(), unit: "packets" },
      { what: "20 ms clock, lateness p50", value: round(percentile(calm, 50), 2), unit: "ms" },
      { what: "20 ms clock, lateness p99", value: round(percentile(calm, 99), 2), unit: "ms" },
      { what: "the same beside two processes that burn CPU, p50", value: round(percentile(busy, 50), 2), unit: "ms" },
      { what: "the same, p99", value: round(percentile(busy, 99), 2), unit: "ms" },
    ],
  };
}

/** From the first sample of a burst at the microphone to the first loud frame at the other's loudspeaker, ms. */
async function mouthToEar(): Promise<number[]> {
  const spokenMs: number[] = [];
  const heardMs: number[] = [];
  await using ear = await station({ name: "Ear", address: "127.0.0.3", loudspeaker: listener(heardMs) });
  await using mouth = await station({ name: "Mouth", address: "127.0.0.2", microphone: bursts(spokenMs) });
  if (ear.id === mouth.id || mouth.press() !== "talks") throw new Error("the station does not talk");
  await systemClock.sleep(onsets * periodFrames * 20 + 600);
  mouth.release();
  return heardMs.flatMap((atMs) => {
    const spoken = spokenMs.findLast((one) => one < atMs);
    return spoken === undefined ? [] : [atMs - spoken];
  });
}

function station(how: {
  readonly name: string;
  readonly address: string;
  readonly microphone?: Microphone;
  readonly loudspeaker?: Loudspeaker;
}) {
  return startRoomStation({
    room: how.name,
    interface: findInterface(how.address),
    group: "224.0.0.100",
    port,
    sender: senderOfName(how.name),
    settings: stationSettingsSchema.parse({ volume: 100 }),
    microphone: how.microphone ?? noMicrophone,
    loudspeaker: how.loudspeaker ?? noLoudspeaker,
    clock: systemClock,
    log: silentLog,
  });
}

/** A frame is given when its 20 ms are over, as microphones do. */
function bursts(spokenMs: number[]): Microphone {
  let at = 0;
  let begun = false;
  return {
    ...noMicrophone,
    begin: () => {
      begun = true;
    },
    capture: (give) =>
      every20Ms(systemClock, () => {
        if (!begun) return;
        const sounds = at % periodFrames < burstFrames;
        if (at++ % periodFrames === 0) spokenMs.push(performance.now() - 20);
        give(Int16Array.from({ length: frameSamples }, (_, i) => (sounds ? 9000 * Math.sin(i * 0.17) : 0)));
      }),
  };
}

function listener(heardMs: number[]): Loudspeaker {
  let sounding = false;
  return {
    ...noLoudspeaker,
    write: (frame) => {
      const now = rmsLevel(new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength)) > loud;
      if (now && !sounding) heardMs.push(performance.now());
      sounding = now;
      return true;
    },
  };
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
