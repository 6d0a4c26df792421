import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OnvifCamera, type OnvifCameraOptions } from "../../../test/peers/onvif-camera.ts";
import { ManualClock, systemClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { OnvifKeyFrames } from "./onvif-key-frames.ts";

const login = { username: "me", password: "secret" };
const profiles = (["1", "2"] as const).map((n) => ({
  token: `P${n}`,
  ...{ encoding: "H264", widthPx: 1920, heightPx: 1080 },
  // As cameras do: another host than they are reached at.
  uri: `rtsp://10.9.8.7:554/Streaming/Channels/10${n}?transportmode=unicast`,
}));

/** A camera at whose second stream the driver plays, and who asks it. */
async function scene(options: OnvifCameraOptions, password = login.password) {
  const asked: string[] = [];
  const camera = await OnvifCamera.start({
    ...{ ...login, profiles },
    onKeyFrame: (token) => asked.push(token),
    ...options,
  });
  const memory = new Map<string, unknown>();
  const stop = new AbortController();
  const device = { clock: systemClock, log: silentLog, signal: stop.signal, memory };
  const address = "rtsp://127.0.0.1/Streaming/Channels/102?transportmode=unicast";
  const keyFrames = new OnvifKeyFrames(device, { address, ...login, password }, [new URL(camera.url)]);
  return {
    ...{ camera, memory, asked, keyFrames },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await camera[Symbol.asyncDispose]();
    },
  };
}

/** Address of a camera that is not there any more. */
async function goneUrl(options: OnvifCameraOptions): Promise<string> {
  await using camera = await OnvifCamera.start(options);
  return camera.url;
}

describe("a key frame by ONVIF", () => {
  it("is asked for of the profile that is played, which is looked for once", async () => {
    await using all = await scene({});
    for (let n = 0; n < 2; n++) await Promise.all([all.keyFrames.ask(), all.keyFrames.ask()]);
    assert.deepEqual(all.asked, ["P2", "P2"]);
    assert.equal(all.camera.asked.filter((action) => action === "GetProfiles").length, 1);
    assert.deepEqual(all.memory.get("noKeyFrameRequest"), undefined);
  });

  it("is not asked for again where the camera cannot, has other streams, or does not let us in", async () => {
    const other = profiles.map((one) => ({ ...one, uri: one.uri.replace("Channels", "other") }));
    const cases = [
      { options: { onKeyFrame: undefined } as unknown as OnvifCameraOptions },
      { options: { profiles: other } },
      { options: {}, password: "wrong" },
      { options: { profiles: [] } },
    ];
    for (const { options, password } of cases) {
      await using all = await scene(options, password);
      await all.keyFrames.ask();
      const before = all.camera.asked.length;
      await all.keyFrames.ask();
      assert.deepEqual([all.camera.asked.length, all.asked], [before, []]);
      assert.equal(all.memory.get("noKeyFrameRequest"), true);
    }
  });

  it("is asked for again minutes after the camera did not answer, and not before", async () => {
    const asked: string[] = [];
    const options = { ...login, profiles, onKeyFrame: (token: string) => asked.push(token) };
    const { port, href } = new URL(await goneUrl(options));
    const clock = new ManualClock();
    const memory = new Map<string, unknown>();
    const device = { clock, log: silentLog, signal: new AbortController().signal, memory };
    // Each connection of the driver has one of its own; only the device's memory is the same.
    const ask = () => new OnvifKeyFrames(device, { address: profiles[1]!.uri, ...login }, [new URL(href)]).ask();
    await ask();
    await using _camera = await OnvifCamera.start({ ...options, listen: { host: "127.0.0.1", port: Number(port) } });
    await clock.advance(4 * 60_000);
    await ask();
    assert.deepEqual(asked, []);
    await clock.advance(60_000);
    await ask();
    assert.deepEqual(asked, ["P2"]);
  });

  it("is looked for anew when the camera did not answer once", async () => {
    const asked: string[] = [];
    const options = { ...login, profiles, onKeyFrame: (token: string) => asked.push(token) };
    const clock = new ManualClock();
    const device = { clock, log: silentLog, signal: new AbortController().signal, memory: new Map<string, unknown>() };
    const first = await OnvifCamera.start(options);
    const { port } = new URL(first.url);
    const keyFrames = new OnvifKeyFrames(device, { address: profiles[1]!.uri, ...login }, [new URL(first.url)]);
    await keyFrames.ask();
    await first[Symbol.asyncDispose]();
    await keyFrames.ask();
    await using again = await OnvifCamera.start({ ...options, listen: { host: "127.0.0.1", port: Number(port) } });
    await clock.advance(5 * 60_000);
    await keyFrames.ask();
    assert.deepEqual(asked, ["P2", "P2"]);
    assert.equal(again.asked.includes("GetProfiles"), true);
  });
});
