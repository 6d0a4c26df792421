import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import type { Device, Driver, TrackWriter } from "../device/driver.ts";
import type { VideoFormat } from "../media/format.ts";
import { ManualClock } from "../util/clock.ts";
import { FatalError, RecoverableError } from "../util/errors.ts";
import { silentLog } from "../util/log.ts";
import { HubDevice } from "./device.ts";

const h264: VideoFormat = { kind: "video", codec: "h264", parameterSets: [] };

/** A driver whose every run waits for the test to play the camera. */
function scriptedDriver() {
  const runs: { readonly device: Device; readonly fail: (error: Error) => void }[] = [];
  const driver: Driver = {
    kind: "scripted",
    summary: "for tests",
    config: z.unknown(),
    claims: () => 0,
    run: (device) =>
      new Promise((resolve, reject) => {
        runs.push({ device, fail: reject });
        device.signal.addEventListener("abort", () => resolve());
      }),
  };
  return { driver, runs };
}

function makeDevice(settings: { readonly warm?: boolean; readonly enabled?: boolean } = {}) {
  const clock = new ManualClock();
  const { driver, runs } = scriptedDriver();
  const device = new HubDevice({
    settings: {
      id: "front",
      name: "Front",
      enabled: settings.enabled ?? true,
      warm: settings.warm ?? false,
      volume: 1,
      doNotDisturb: false,
      permanent: true,
      preview: false,
    },
    driver,
    config: {},
    clock,
    log: silentLog,
    random: () => 0,
  });
  const frame = (key: boolean) => ({ data: new Uint8Array(10), timestampUs: clock.nowUs(), key });
  const play = (run: { readonly device: Device }): TrackWriter => {
    const writer = run.device.publish(h264);
    run.device.ready();
    writer.write(frame(true));
    return writer;
  };
  return { clock, device, runs, frame, play };
}

describe("device of the hub", () => {
  it("connects for its first viewer and lets go ten seconds after the last", async () => {
    const { clock, device, runs, play } = makeDevice();
    assert.equal(device.state.phase, "idle");
    const demand = device.demand();
    assert.equal(device.state.phase, "connecting");
    await clock.advance(0);
    assert.equal(runs.length, 1);
    play(runs[0]!);
    assert.equal(device.state.phase, "live");
    demand[Symbol.dispose]();
    await clock.advance(9_000);
    assert.equal(device.state.phase, "stale");
    await clock.advance(1_500);
    assert.equal(device.state.phase, "idle");
    assert.ok(runs[0]!.device.signal.aborted);
    await device.close();
    assert.equal(clock.pending, 0, "no timer is left");
  });

  it("keeps its readers when the camera comes back, and starts them with a key frame", async () => {
    const { clock, device, runs, frame, play } = makeDevice({ warm: true });
    await clock.advance(0);
    play(runs[0]!);
    const track = device.track("video")!;
    const reader = track.read();
    assert.equal(reader.take()?.key, true);
    runs[0]!.fail(new RecoverableError("connection lost: reset"));
    await clock.advance(0);
    assert.equal(device.state.phase, "trouble");
    assert.equal(device.state.error?.message, "connection lost: reset");
    await clock.advance(1_000);
    assert.equal(runs.length, 2);
    const writer = runs[1]!.device.publish(h264);
    writer.write(frame(false));
    assert.equal(reader.take(), undefined);
    writer.write(frame(true));
    assert.equal(reader.take()?.key, true);
    assert.equal(device.track("video"), track);
    assert.equal(device.state.phase, "live");
    await device.close();
    assert.equal(reader.open, false);
  });

  it("shows a picture that stopped as stale within five seconds", async () => {
    const { clock, device, runs, play } = makeDevice({ warm: true });
    await clock.advance(0);
    const writer = play(runs[0]!);
    await clock.advance(4_900);
    assert.equal(device.state.phase, "stale");
    writer.write({ data: new Uint8Array(1), timestampUs: 1, key: false });
    assert.equal(device.state.phase, "live");
    await device.close();
  });

  it("tries a wrong password at most once in 30 seconds, whoever comes and goes", async () => {
    const { clock, device, runs } = makeDevice();
    const first = device.demand();
    await clock.advance(0);
    runs[0]!.fail(new FatalError("wrong password: front", { code: "wrong-password" }));
    await clock.advance(0);
    assert.equal(device.state.phase, "wrong-password");
    first[Symbol.dispose]();
    await clock.advance(11_000);
    assert.equal(device.state.phase, "idle");
    using _again = device.demand();
    await clock.advance(18_900);
    assert.equal(runs.length, 1);
    await clock.advance(200);
    assert.equal(runs.length, 2);
    await device.close();
  });

  it("backs off from 1 to 30 seconds and begins anew after a success", async () => {
    const { clock, device, runs, play } = makeDevice({ warm: true });
    const waits: number[] = [];
    for (let turn = 0; turn < 8; turn++) {
      await clock.advance(0);
      const before = clock.nowUs();
      runs.at(-1)!.fail(new RecoverableError("connection refused"));
      await clock.advance(0);
      const count = runs.length;
      while (runs.length === count) await clock.advance(500);
      waits.push((clock.nowUs() - before) / 1000);
    }
    assert.deepEqual(waits, [1000, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
    play(runs.at(-1)!);
    runs.at(-1)!.fail(new RecoverableError("lost"));
    const count = runs.length;
    await clock.advance(1_000);
    assert.equal(runs.length, count + 1);
    await device.close();
    assert.equal(clock.pending, 0);
  });

  it("does not connect while it is disabled", async () => {
    const { clock, device, runs } = makeDevice({ warm: true, enabled: false });
    using _demand = device.demand();
    await clock.advance(60_000);
    assert.equal(runs.length, 0);
    assert.equal(device.state.phase, "disabled");
    device.configure({ ...device.settings, enabled: true });
    await clock.advance(0);
    assert.equal(runs.length, 1);
    device.configure({ ...device.settings, enabled: false });
    await clock.advance(10);
    assert.equal(device.state.phase, "disabled");
    await device.close();
  });

  it("tells who waits for its tracks as soon as they are there, or that they are not", async () => {
    const { clock, device, runs, play } = makeDevice({ warm: true });
    const early = device.waitForTrack("video", { timeoutMs: 1_000 });
    const never = device.waitForTrack("audio", { timeoutMs: 1_000 });
    await clock.advance(0);
    play(runs[0]!);
    assert.equal((await early)?.format.kind, "video");
    await clock.advance(1_000);
    assert.equal(await never, undefined);
    await device.close();
  });

  it("survives a driver that throws what is none of our errors", async () => {
    const { clock, device, runs } = makeDevice({ warm: true });
    await clock.advance(0);
    runs[0]!.fail(new TypeError("undefined is not a function"));
    await clock.advance(1_000);
    assert.equal(runs.length, 2);
    assert.equal(device.state.error?.code, "driver-fault");
    await device.close();
  });
});
