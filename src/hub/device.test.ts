import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import type { Device, Driver, TrackWriter } from "../device/driver.ts";
import type { VideoFormat } from "../media/format.ts";
import { ManualClock } from "../util/clock.ts";
import { FatalError, RecoverableError } from "../util/errors.ts";
import { silentLog } from "../util/log.ts";
import { LocalDevice } from "./device.ts";
import { driverSource } from "./driver-source.ts";

const h264: VideoFormat = { kind: "video", codec: "h264", parameterSets: [] };

/** A driver whose every run waits for the test to play the camera. */
function scriptedDriver(clock: ManualClock) {
  let letGoMs = 0;
  const runs: { readonly device: Device; readonly fail: (error: Error) => void }[] = [];
  const driver: Driver = {
    kind: "scripted",
    summary: "for tests",
    config: z.unknown(),
    claims: () => 0,
    run: (device) =>
      new Promise((resolve, reject) => {
        runs.push({ device, fail: reject });
        device.signal.addEventListener("abort", () => (letGoMs > 0 ? clock.timer(letGoMs, resolve) : resolve()));
      }),
  };
  /** As RTSP's TEARDOWN: the device is let go of only so long after the driver was told to. */
  const letGo = (ms: number) => {
    letGoMs = ms;
  };
  return { driver, runs, letGo };
}

function makeDevice(settings: { readonly warm?: boolean; readonly enabled?: boolean } = {}) {
  const clock = new ManualClock();
  const { driver, runs, letGo } = scriptedDriver(clock);
  const device = new LocalDevice({
    settings: {
      id: "front",
      name: "Front",
      enabled: settings.enabled ?? true,
      warm: settings.warm ?? false,
      warmByHabit: true,
      volume: 1,
      muted: false,
      doNotDisturb: false,
      watch: "auto",
      ptz: "off",
      permanent: true,
      preview: false,
    },
    source: driverSource({ driver, config: {}, clock, log: silentLog, random: () => 0 }),
    clock,
    log: silentLog,
  });
  const frame = (key: boolean) => ({ data: new Uint8Array(10), timestampUs: clock.nowUs(), key });
  const play = (run: { readonly device: Device }): TrackWriter => {
    const writer = run.device.publish(h264);
    run.device.ready();
    writer.write(frame(true));
    return writer;
  };
  return { clock, device, runs, letGo, frame, play };
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

  it("runs once when somebody wants it at the moment at which it is told to connect", async () => {
    const { clock, device, runs } = makeDevice();
    let second: Disposable | undefined;
    using _listener = device.onChange(() => {
      if (device.state.phase === "connecting") second ??= device.demand("viewer");
    });
    using _first = device.demand();
    await clock.advance(0);
    assert.ok(second);
    assert.equal(runs.length, 1);
    second[Symbol.dispose]();
    await device.close();
    assert.ok(
      runs.every((run) => run.device.signal.aborted),
      "no run is left",
    );
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

  it("backs off from 1 to 30 seconds and begins again after a success", async () => {
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

  it("is tried at once when somebody comes to look, and at least every five seconds while they do", async () => {
    const { clock, device, runs } = makeDevice({ warm: true });
    await clock.advance(0);
    for (let turn = 0; turn < 7; turn++) {
      const count = runs.length;
      runs.at(-1)!.fail(new RecoverableError("connection refused"));
      while (runs.length === count) await clock.advance(500);
    }
    runs.at(-1)!.fail(new RecoverableError("connection refused"));
    await clock.advance(2000);
    const before = runs.length;
    using _looks = device.demand("viewer");
    await clock.advance(0);
    assert.equal(runs.length, before + 1, "at once");
    runs.at(-1)!.fail(new RecoverableError("connection refused"));
    await clock.advance(5000);
    assert.equal(runs.length, before + 2, "within five seconds");
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

describe("device of the hub, whose source lets go slowly", () => {
  const speaker = { formats: [], echoCancelling: false, play: async () => {} };

  /** A device whose first run plays and was told to stop; it lets go 800 ms later. */
  async function letting() {
    const made = makeDevice();
    const { clock, device, runs, letGo, play } = made;
    letGo(800);
    const demand = device.demand();
    await clock.advance(0);
    const writer = play(runs[0]!);
    runs[0]!.device.offerSpeaker(speaker);
    demand[Symbol.dispose]();
    await clock.advance(10_000);
    assert.ok(runs[0]!.device.signal.aborted);
    letGo(0); // the next one at once
    return { ...made, writer };
  }

  it("begins the next run only when the one before has let go", async () => {
    const { clock, device, runs } = await letting();
    using _viewer = device.demand();
    await clock.advance(700);
    assert.deepEqual([runs.length, device.state.phase], [1, "connecting"]);
    await clock.advance(101);
    assert.equal(runs.length, 2);
    await device.close();
    assert.equal(clock.pending, 0);
  });

  it("gives who comes meanwhile the speaker and the commands of the next run", async () => {
    const { clock, device, runs, play } = await letting();
    using _viewer = device.demand();
    const found = device.waitForSpeaker({ timeoutMs: 2_500 });
    await clock.advance(1_000);
    play(runs[1]!);
    const own = { ...speaker };
    runs[1]!.device.offerSpeaker(own);
    assert.equal(await found, own);
    const answer = device.command("unlock", {});
    for await (const command of runs[1]!.device.commands) {
      command.done({ open: true });
      break;
    }
    assert.deepEqual(await answer, { open: true });
    await device.close();
  });

  it("tells whoever waits for a speaker as soon as the next run has found that there is none", async () => {
    const { clock, device, runs, play } = await letting();
    using _viewer = device.demand();
    const found = device.waitForSpeaker({ timeoutMs: 10_000 });
    await clock.advance(1_000);
    play(runs[1]!);
    runs[1]!.device.offerSpeaker(undefined);
    assert.equal(await found, "none");
    assert.equal(device.info().speaker, undefined, "the speaker of the run before is forgotten");
    await device.close();
  });

  it("heeds nothing that the run before still does", async () => {
    const { clock, device, runs, play, frame, writer } = await letting();
    using _viewer = device.demand();
    await clock.advance(1_000);
    play(runs[1]!);
    runs[1]!.device.offerSpeaker(speaker);
    const track = device.track("video")!;
    const before = { frames: track.counters.frames, state: device.state };
    const { device: old } = runs[0]!;
    writer.write(frame(true));
    writer.updateFormat({ ...h264, widthPx: 1 });
    old.publish({ ...h264, codec: "h265" }).write(frame(true));
    old.offerSpeaker({ ...speaker, echoCancelling: true });
    old.phase("connecting");
    old.emit({ type: "health", values: { old: true } });
    assert.equal(device.track("video"), track);
    assert.deepEqual({ frames: track.counters.frames, state: device.state }, before);
    assert.equal(await device.waitForSpeaker({ timeoutMs: 1 }), speaker);
    assert.equal(device.health, undefined);
    await device.close();
  });

  it("goes through restart, close and demand in any order with one run at a time", async () => {
    const { clock, device, runs, letGo } = makeDevice({ warm: true });
    letGo(800);
    await clock.advance(0);
    const restarts = Promise.all([device.restart(), device.restart()]);
    using _viewer = device.demand();
    await clock.advance(400);
    assert.equal(runs.length, 1);
    await clock.advance(401);
    await restarts;
    assert.equal(runs.length, 2, "two restarts of one run are one");
    const again = device.restart();
    const closed = device.close();
    using _late = device.demand();
    await clock.advance(10_000);
    await Promise.all([again, closed]);
    assert.equal(runs.length, 2, "nothing starts after the end");
    assert.equal(clock.pending, 0);
  });

  it("fails a command that its run leaves unanswered, and one for nobody", async () => {
    const { clock, device, runs, play } = makeDevice({ warm: true });
    await clock.advance(0);
    play(runs[0]!);
    const unanswered = assert.rejects(device.command("unlock", {}), { code: "lost" });
    runs[0]!.fail(new RecoverableError("connection lost: reset"));
    await unanswered;
    await assert.rejects(device.command("unlock", {}), { code: "offline" });
    await device.close();
  });

  it("counts as live by its picture, even when the sound was published first", async () => {
    const { clock, device, runs } = makeDevice({ warm: true });
    await clock.advance(0);
    const lent = runs[0]!.device;
    const sound = lent.publish({ kind: "audio", codec: "pcmu", sampleRateHz: 8000, channels: 1 });
    const picture = lent.publish(h264);
    picture.write({ data: new Uint8Array(1), timestampUs: 0, key: true });
    for (let second = 0; second < 5; second++) {
      await clock.advance(1_000);
      sound.write({ data: new Uint8Array(1), timestampUs: clock.nowUs(), key: true });
    }
    assert.equal(device.state.phase, "stale");
    await device.close();
  });
});
