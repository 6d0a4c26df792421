import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OnvifCamera, type OnvifCameraOptions } from "../../../test/peers/onvif-camera.ts";
import { systemClock } from "../../util/clock.ts";
import { OnvifPtz } from "./ptz.ts";
import { presetsOf, turningProfileOf } from "./ptz-wire.ts";
import { parseXml } from "./xml.ts";

async function start(options: OnvifCameraOptions = {}) {
  const camera = await OnvifCamera.start({ turns: true, ...options });
  const { username, password } = options;
  const credentials = username === undefined || password === undefined ? undefined : { username, password };
  const ptz = new OnvifPtz({
    ...{ url: new URL(camera.url), credentials, clock: systemClock },
    signal: new AbortController().signal,
  });
  return { camera, ptz, [Symbol.asyncDispose]: () => camera[Symbol.asyncDispose]() };
}

describe("turning a camera by ONVIF", () => {
  const login = { username: "anna", password: "a & b" };
  for (const [name, options] of [
    ["that takes anybody", {}],
    ["that wants a login, and whose clock is wrong", { ...login, aheadMs: 3_600_000 }],
    ["that asks for Digest", { ...login, httpDigest: true }],
    ["that names addresses that lead nowhere", { wrongHost: true }],
  ] as const) {
    it(`moves, stops, and turns to a preset: a camera ${name}`, async () => {
      await using started = await start(options);
      const { camera, ptz } = started;
      await ptz.move({ pan: 0.5, tilt: -1, zoom: 0 });
      await ptz.move({ pan: 0, tilt: 0, zoom: 0.333_333 });
      await ptz.stop();
      assert.deepEqual(await ptz.presets(), [
        { token: "1", name: "Gate" },
        { token: "2", name: "2" },
      ]);
      await ptz.goTo("1");
      assert.deepEqual(camera.ptz.told, [[0.5, -1, 0], [0, 0, 0.33], "stop", "to 1"]);
      assert.equal(camera.asked.filter((action) => action === "GetProfiles").length, 1);
    });
  }

  it("fails with what the camera says, with a wrong password, and where nothing turns it", async () => {
    await using fixed = await start({ turns: false });
    await assert.rejects(fixed.ptz.stop(), { message: "ONVIF: the camera has nothing that turns it" });
    await using started = await start({ ...login });
    const stranger = new OnvifPtz({
      ...{ url: new URL(started.camera.url), clock: systemClock, signal: new AbortController().signal },
      credentials: { ...login, password: "wrong" },
    });
    await assert.rejects(stranger.stop(), { code: "wrong-password" });
    await assert.rejects(started.ptz.goTo("nowhere"), { code: "fault" });
  });
});

it("what makes no sense in an answer is passed over", () => {
  const body = (text: string) => parseXml(`<r>${text}</r>`)["r"] as Record<string, unknown>;
  const presets = '<P><Preset/><Preset token=""/><Preset token="7"><Name></Name></Preset></P>';
  assert.deepEqual(presetsOf(body(presets.replaceAll("P>", "GetPresetsResponse>"))), [{ token: "7", name: "7" }]);
  assert.throws(() => turningProfileOf(body("<GetProfilesResponse><Profiles/></GetProfilesResponse>")), {
    code: "wire",
  });
});
