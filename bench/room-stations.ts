import { setTimeout as wait } from "node:timers/promises";
import { rmsLevel } from "../src/codecs/pcm/index.ts";
import { noLoudspeaker, noMicrophone } from "../src/endpoints/machine/files.ts";
import type { Loudspeaker, Microphone } from "../src/endpoints/machine/ports.ts";
import { every20Ms } from "../src/endpoints/machine/ticker.ts";
import { type RunningRoomStation, startRoomStation } from "../src/endpoints/room-station/index.ts";
import { findInterface } from "../src/endpoints/room-station/network.ts";
import { frameSamples } from "../src/endpoints/room-station/playout.ts";
import { stationSettingsSchema } from "../src/endpoints/room-station/settings.ts";
import { senderOfName, stationIdOf } from "../src/protocols/room/station-id.ts";
import { systemClock } from "../src/util/clock.ts";
import { silentLog } from "../src/util/log.ts";

/** A burst of 200 ms in each 500. */
const [burstFrames, periodFrames] = [10, 25];
const loud = 0.05;
/** Between two machines of one clock: what everybody calls now, in ms. */
export const nowMs = (): number => performance.timeOrigin + performance.now();

/** Options of {@link benchStation}. */
export interface BenchStationOptions {
  readonly name: string;
  /** On loopback: 127.x.y.z. */
  readonly address: string;
  readonly group: string;
  readonly port: number;
  readonly microphone?: Microphone;
  readonly loudspeaker?: Loudspeaker;
}

/** Our own room station, in this process. Its owner disposes it. */
export function benchStation(options: BenchStationOptions): Promise<RunningRoomStation> {
  const { name, address, group, port } = options;
  return startRoomStation({
    room: name,
    interface: findInterface(address),
    group,
    port,
    sender: senderOfName(name),
    settings: stationSettingsSchema.parse({ volume: 100 }),
    microphone: options.microphone ?? noMicrophone,
    loudspeaker: options.loudspeaker ?? noLoudspeaker,
    clock: systemClock,
    log: silentLog,
  });
}

/** The hub's name for the device that such a station is. */
export function deviceIdOf(name: string): string {
  return stationIdOf(senderOfName(name)).replaceAll("_", "-");
}

/** A microphone that hears bursts of sound, and says when each began. A frame is given when its 20 ms are over, as microphones do. */
export function bursts(spokenMs: number[]): Microphone {
  let at = 0;
  let begun = false;
  return {
    ...noMicrophone,
    begin: () => {
      begun = true;
      at = 0;
    },
    capture: (give) =>
      every20Ms(systemClock, () => {
        if (!begun) return;
        const sounds = at % periodFrames < burstFrames;
        if (at++ % periodFrames === 0) spokenMs.push(nowMs() - 20);
        give(Int16Array.from({ length: frameSamples }, (_, i) => (sounds ? 9000 * Math.sin(i * 0.17) : 0)));
      }),
  };
}

/** How long such a microphone needs for so many bursts. */
export function burstsMs(count: number): number {
  return count * periodFrames * 20;
}

/** A loudspeaker that says when sound begins to come out of it, after at least 100 ms of silence. */
export function listener(heardMs: number[]): Loudspeaker {
  let lastMs = 0;
  return {
    ...noLoudspeaker,
    write: (frame) => {
      if (rmsLevel(new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength)) > loud) {
        if (nowMs() - lastMs > 100) heardMs.push(nowMs());
        lastMs = nowMs();
      }
      return true;
    },
  };
}

/** The clocks of mouth, hub and ear stand differently to each other in each talk. */
const talkCount = 10;
const burstsPerTalk = 3;
/** Bursts of all {@link talks}. */
export const onsets = talkCount * burstsPerTalk;

/** Talks again and again, a first time to warm up; gives the delay of each burst that was heard, ms. */
export async function talks(
  mouth: RunningRoomStation,
  { spokenMs, heardMs }: { readonly spokenMs: readonly number[]; readonly heardMs: readonly number[] },
): Promise<number[]> {
  let warm = 0;
  for (let n = 0; n <= talkCount; n++) {
    if (mouth.press() !== "talks") throw new Error("the station does not talk");
    await wait(burstsMs(burstsPerTalk) - 100);
    mouth.release();
    await wait(1000 + n * 7);
    if (n === 0) warm = heardMs.length;
  }
  return delaysOf(spokenMs, heardMs.slice(warm));
}

/** Of each sound that was heard, how long after it had begun at the microphone. */
export function delaysOf(spokenMs: readonly number[], heardMs: readonly number[]): number[] {
  return heardMs.flatMap((atMs) => {
    const spoken = spokenMs.findLast((one) => one < atMs);
    return spoken === undefined ? [] : [atMs - spoken];
  });
}
