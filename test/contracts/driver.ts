import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { splitAnnexB } from "../../src/codecs/annexb.ts";
import { videoFormat } from "../../src/codecs/video-format.ts";
import type { Driver } from "../../src/device/driver.ts";
import type { HubDevice } from "../../src/hub/api.ts";
import type { Frame } from "../../src/media/frame.ts";
import { overlapContract } from "./overlaps.ts";
import { eventually, firstFrames, open, phase } from "./rig.ts";

/** A scripted device that a driver is tried against. */
export interface DriverFixture extends AsyncDisposable {
  /** What the driver's schema takes. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The same with a wrong password, for devices that have one. */
  readonly wrongPassword?: Readonly<Record<string, unknown>>;
  /** Connections for media that are open now. */
  connections(): number;
  /** Connections for media since the beginning. */
  accepted(): number;
  /** Drops everything, as a reboot does, and serves again. */
  reboot?(): Promise<void>;
  /** From now on it lets go of a client only after so long. */
  letGo?(ms: number): void;
  /** Blocks of speech that the device was given, for devices with a speaker. */
  spoken?(): number;
}

/** The suite that every driver passes with its fake. */
export function driverContract(driver: Driver, start: () => Promise<DriverFixture>): void {
  describe(`driver ${driver.kind}`, () => {
    it("connects and delivers frames that can be decoded, from a key frame on", async () => {
      await using fixture = await start();
      await using device = open(driver, fixture.config);
      using _demand = device.hub.demand();
      const frames = await firstFrames(device.hub, 20);
      assertDecodable(device.hub, frames);
      assert.equal(device.hub.state.phase, "live");
    });

    it("holds one connection, and none once it is stopped", async () => {
      await using fixture = await start();
      const before = resources();
      {
        await using device = open(driver, fixture.config);
        using _demand = device.hub.demand();
        await firstFrames(device.hub, 3);
        assert.ok(fixture.connections() <= 1);
        assert.ok(fixture.accepted() <= 1);
      }
      await eventually(() => fixture.connections() === 0);
      await eventually(() => resources() <= before);
    });

    it("comes back after the device's reboot, for the same readers", async (t) => {
      await using fixture = await start();
      if (!fixture.reboot) return t.diagnostic("this kind of device does not reboot");
      await using device = open(driver, fixture.config);
      using _demand = device.hub.demand();
      await firstFrames(device.hub, 3);
      const track = device.hub.track("video");
      using reader = track?.read({ start: "live" });
      await fixture.reboot();
      const frame = await reader?.next();
      assert.equal(frame?.key, true);
      assert.equal(device.hub.track("video"), track);
      await eventually(() => fixture.connections() === 1);
    });

    it("gives up on a wrong password with a sentence, and does not hammer", async (t) => {
      await using fixture = await start();
      if (!fixture.wrongPassword) return t.diagnostic("this kind of device has no password");
      await using device = open(driver, fixture.wrongPassword);
      using _demand = device.hub.demand();
      await phase(device.hub, "wrong-password");
      assert.equal(device.hub.state.error?.code, "wrong-password");
      assert.match(device.hub.state.error?.message ?? "", /\w+ \w+/);
      assert.equal(device.hub.attempts, 1);
      assert.ok((device.hub.state.retryAtMs ?? 0) - Date.now() > 25_000);
    });

    it("plays what is said, gives the speaker back, and stops at once when told", async (t) => {
      await using fixture = await start();
      const { spoken } = fixture;
      if (!spoken) return t.diagnostic("this kind of device has no speaker");
      await using device = open(driver, fixture.config);
      using _demand = device.hub.demand();
      const speaker = await device.hub.waitForSpeaker({ timeoutMs: 10_000 });
      assert.ok(speaker, "offers a speaker");
      const [format] = speaker.formats;
      assert.ok(format);
      const bytes = format.codec === "pcm_s16le" ? (format.sampleRateHz / 50) * 2 : 160;
      const block = { data: new Uint8Array(bytes), timestampUs: 0, key: true, durationUs: 20_000 };
      async function* say(blocks: number) {
        for (let index = 0; index < blocks; index++) yield { ...block, timestampUs: index * 20_000 };
      }
      await speaker.play({ format, live: false, frames: say(10), signal: new AbortController().signal });
      const heard = spoken();
      assert.ok(heard > 0, "the device was given sound");
      const stop = new AbortController();
      const endless = speaker.play({ format, live: false, frames: say(1e9), signal: stop.signal });
      await eventually(() => spoken() > heard);
      stop.abort();
      await endless.catch(() => {});
      const after = spoken();
      await speaker.play({ format, live: false, frames: say(5), signal: new AbortController().signal });
      assert.ok(spoken() > after, "the speaker is free again");
    });
  });
  overlapContract(driver, start);
}

function assertDecodable(device: HubDevice, frames: readonly Frame[]): void {
  const format = device.track("video")?.format;
  if (format?.kind !== "video") return;
  assert.ok((format.widthPx ?? 0) > 0 && (format.heightPx ?? 0) > 0, "the size is known");
  const [first] = frames;
  assert.ok(first?.key, "begins with a key frame");
  const nals = splitAnnexB(first.data);
  const sets = nals.slice(0, format.parameterSets.length);
  assert.equal(videoFormat(format.codec, sets).widthPx, format.widthPx, "parameter sets come first");
  for (let index = 0; index < frames.length; index++) {
    const frame = frames[index]!;
    assert.deepEqual([...frame.data.subarray(0, 4)], [0, 0, 0, 1], "4-byte start code");
    assert.ok(index === 0 || frame.timestampUs >= frames[index - 1]!.timestampUs, "time does not run backwards");
  }
}

/** Sockets and timers of this process that would keep it alive. */
function resources(): number {
  const kinds = ["TCPSocketWrap", "UDPWrap", "TLSWrap", "Timeout"];
  return process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind)).length;
}
