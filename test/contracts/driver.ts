import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Driver } from "../../src/device/driver.ts";
import { assertDecodable, assertSpeaks } from "./assertions.ts";
import { overlapContract } from "./overlaps.ts";
import { eventually, firstFrames, open, phase, resources } from "./rig.ts";

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
      await assertSpeaks(device.hub, spoken);
    });
  });
  overlapContract(driver, start);
}
