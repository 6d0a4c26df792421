import assert from "node:assert/strict";
import type { Driver } from "../../src/device/driver.ts";
import type { HubDevice } from "../../src/hub/api.ts";
import { LocalDevice } from "../../src/hub/device.ts";
import { driverSource } from "../../src/hub/driver-source.ts";
import type { DevicePhase } from "../../src/hub/state.ts";
import type { Frame } from "../../src/media/frame.ts";
import type { Track } from "../../src/media/track.ts";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";

/** A device of the hub served by a driver, as the contract's tests need it. Disposing closes it. */
export function open(
  driver: Driver,
  config: unknown,
  options: { readonly lingerMs?: number } = {},
): { readonly hub: LocalDevice } & AsyncDisposable {
  const hub = new LocalDevice({
    ...options,
    settings: {
      id: "contract",
      name: "Contract",
      enabled: true,
      warm: false,
      warmByHabit: true,
      volume: 1,
      muted: false,
      doNotDisturb: false,
      watch: "auto",
      ptz: "off",
      permanent: false,
      preview: false,
    },
    source: driverSource({
      driver,
      config: driver.config.parse(config),
      clock: systemClock,
      log: silentLog,
      random: () => 0,
    }),
    clock: systemClock,
    log: silentLog,
  });
  return { hub, [Symbol.asyncDispose]: () => hub.close() };
}

/** The first `count` frames of the picture, or of the sound where there is no picture. */
export async function firstFrames(device: HubDevice, count: number): Promise<Frame[]> {
  const track = await mainTrack(device);
  using reader = track.read();
  const frames: Frame[] = [];
  while (frames.length < count) {
    const frame = await reader.next(AbortSignal.timeout(15_000));
    assert.ok(frame, "the track ended");
    frames.push(frame);
  }
  return frames;
}

/** What a device is known by: its picture, or the sound of a kind that has none. */
export async function mainTrack(device: HubDevice): Promise<Track> {
  const kind = ["room", "door"].includes(device.info().kind) ? "audio" : "video";
  const track = (await device.waitForTrack(kind, { timeoutMs: 15_000 })) ?? device.track("audio");
  assert.ok(track, `no track: ${device.state.error?.message ?? device.state.phase}`);
  return track;
}

/** Resolves with the next frame that the device sends from now on. */
export async function nextFrame(device: HubDevice): Promise<Frame> {
  const track = await mainTrack(device);
  using reader = track.read({ start: "live" });
  const frame = await reader.next(AbortSignal.timeout(15_000));
  assert.ok(frame, "the track ended");
  return frame;
}

/** Resolves as soon as the device is in that phase; rejects after 15 s. */
export function phase(device: HubDevice, wanted: DevicePhase): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = systemClock.timer(15_000, () => reject(new Error(`still ${device.state.phase}`)));
    const look = () => {
      if (device.state.phase !== wanted) return;
      listener[Symbol.dispose]();
      timer[Symbol.dispose]();
      resolve();
    };
    const listener = device.onChange(look);
    look();
  });
}

/** Waits, turn by turn of the event loop, until something is so; at most 10 s by default. */
export async function eventually(look: () => boolean, atMostMs = 10_000): Promise<void> {
  const endUs = systemClock.nowUs() + atMostMs * 1000;
  while (!look()) {
    assert.ok(systemClock.nowUs() < endUs, `never came true: ${look}`);
    await systemClock.sleep(10);
  }
}

/** Sockets and timers of this process that would keep it alive. */
export function resources(): number {
  const kinds = ["TCPSocketWrap", "UDPWrap", "TLSWrap", "Timeout"];
  return process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind)).length;
}
