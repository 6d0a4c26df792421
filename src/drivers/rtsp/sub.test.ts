import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeDevice } from "../../../test/contracts/fake-device.ts";
import { OnvifCamera } from "../../../test/peers/onvif-camera.ts";
import { clip } from "../../../test/rtsp.ts";
import type { DeviceMemory } from "../../device/driver.ts";
import { systemClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { rtspConfig } from "./config.ts";
import { startFakeRtsp } from "./fake.ts";
import { askAt, smallProfile } from "./onvif-sub.ts";
import { rtspSub } from "./sub.ts";

/** Runs the small picture of a camera; `listed` is what ONVIF would name. */
function run(
  config: Record<string, unknown>,
  { listed, memory = new Map() }: { readonly listed?: string; readonly memory?: DeviceMemory } = {},
) {
  let asked = 0;
  const device = new FakeDevice({ memory });
  const sub = rtspSub(async () => {
    asked++;
    return listed;
  });
  const ended = sub.run(device, rtspConfig.parse(config)).then(
    () => undefined,
    (error: unknown) => error as { readonly code?: string },
  );
  return {
    ...{ device, ended, memory },
    asked: () => asked,
    ready: () => device.until(() => device.readyCount > 0),
    [Symbol.asyncDispose]: async () => {
      device.stop.abort();
      await ended;
    },
  };
}

const at = (fake: { readonly port: number }, path: string) => `rtsp://127.0.0.1:${fake.port}${path}`;

describe("the small picture of an RTSP camera", () => {
  it("is played at the path of the maker's, with the same password, and kept for the next time", async () => {
    await using fake = await startFakeRtsp({
      path: "/stream2",
      video: clip(),
      guard: { username: "me", password: "secret", scheme: "digest-md5-qop", wrongStatus: 401 },
    });
    await using running = run({ address: at(fake, "/stream1"), username: "me", password: "secret" });
    await running.ready();
    assert.equal(running.device.tracks.size, 1);
    assert.equal(running.device.speaker, undefined);
    assert.equal(running.asked(), 0);
    assert.equal(running.memory.get("address"), at(fake, "/stream2"));
  });

  it("is looked for by ONVIF where nothing is at that path, and found at once the next time", async () => {
    await using fake = await startFakeRtsp({ path: "/live/low", video: clip() });
    const memory = new Map();
    const how = { listed: at(fake, "/live/low"), memory };
    {
      await using running = run({ address: at(fake, "/stream1") }, how);
      await running.ready();
      assert.equal(running.asked(), 1);
    }
    fake.requests.length = 0;
    await using again = run({ address: at(fake, "/stream1") }, how);
    await again.ready();
    assert.equal(again.asked(), 0);
    assert.ok(fake.requests.every(({ uri }) => !uri.includes("stream2")));
  });

  it("is looked for again where it was found before and is no more", async () => {
    await using fake = await startFakeRtsp({ path: "/live/new", video: clip() });
    const memory = new Map([["address", at(fake, "/live/old")]]);
    await using running = run({ address: at(fake, "/unusual") }, { listed: at(fake, "/live/new"), memory });
    await running.ready();
    assert.equal(running.asked(), 1);
    assert.equal(memory.get("address"), at(fake, "/live/new"));
  });

  it("is lost, and not taken for missing, where the camera names the path that it refused", async () => {
    await using fake = await startFakeRtsp({ path: "/main", video: clip() });
    await using running = run({ address: at(fake, "/stream1") }, { listed: at(fake, "/stream2") });
    assert.equal((await running.ended)?.code, "not-found");
  });

  it("is not taken for missing where the camera is not there at all, and nothing was guessed", async () => {
    const fake = await startFakeRtsp({ path: "/main", video: clip() });
    const address = at(fake, "/unusual");
    await fake[Symbol.asyncDispose]();
    await using running = run({ address });
    assert.equal((await running.ended)?.code, "unreachable");
  });

  it("is said not to be there where neither knows one", async () => {
    await using fake = await startFakeRtsp({ path: "/main", video: clip() });
    await using running = run({ address: at(fake, "/unusual") });
    assert.equal((await running.ended)?.code, "no-sub");
  });

  it("is played where its setting says, and lost where that is wrong", async () => {
    await using fake = await startFakeRtsp({ path: "/low", video: clip() });
    await using running = run({ address: at(fake, "/stream1"), sub: "/low" });
    await running.ready();
    await using wrong = run({ address: at(fake, "/stream1"), sub: "/nothing" });
    assert.equal((await wrong.ended)?.code, "not-found");
    assert.equal(wrong.asked(), 0);
  });

  it("is not looked for when the camera is not there at all: it is tried again", async () => {
    const fake = await startFakeRtsp({ path: "/stream2", video: clip() });
    const address = at(fake, "/stream1");
    await fake[Symbol.asyncDispose]();
    await using running = run({ address });
    assert.equal((await running.ended)?.code, "unreachable");
    assert.equal(running.asked(), 0);
  });

  it("is a path, an address without password, auto or off", () => {
    const parse = (sub: string) => rtspConfig.safeParse({ address: "rtsp://cam.lan/1", sub }).success;
    assert.deepEqual(
      ["/x", "rtsp://nvr.lan/7", "auto", "off", "rtsp://me:secret@cam.lan/2", "http://cam.lan", "x"].map(parse),
      [true, true, true, true, false, false, false],
    );
    const sub = rtspSub(async () => undefined);
    assert.equal(sub.offered(rtspConfig.parse({ address: "rtsp://cam.lan/1", sub: "off" })), false);
  });
});

const profile = (token: string, size: string, encoding = "H264") => {
  const [widthPx = 0, heightPx = 0] = size.split("x").map(Number);
  return { token, name: token, encoding, widthPx, heightPx, uri: `rtsp://10.0.0.7:554/${token}?a=1&b=2` };
};

describe("the small stream among those that ONVIF lists", () => {
  it("is H.264 near 640x360, smaller than the largest, and no picture of JPEG", () => {
    const small = (...all: Parameters<typeof profile>[]) => smallProfile(all.map((one) => profile(...one)))?.token;
    assert.equal(small(["main", "3840x2160"], ["sub", "640x360"], ["third", "320x180"]), "sub");
    assert.equal(small(["main", "2560x1440", "H265"], ["sub", "640x480", "H265"], ["tiny", "352x288"]), "tiny");
    assert.equal(small(["main", "1920x1080"], ["other", "1920x1080"]), undefined, "all alike");
    assert.equal(small(["main", "2592x1944"], ["jpeg", "640x480", "JPEG"], ["sub", "704x576"]), "sub");
    assert.equal(small(["only", "640x360"]), undefined);
    assert.equal(small(), undefined);
  });

  it("is asked for with the camera's own clock and password, and its address is at the camera's own host", async () => {
    await using camera = await OnvifCamera.start({
      username: "me",
      password: "secret",
      aheadMs: 3_600_000,
      profiles: [profile("main", "3840x2160", "H265"), profile("sub", "640x360")],
    });
    const device = { clock: systemClock, log: silentLog, signal: new AbortController().signal };
    const found = await askAt(device, { url: new URL(camera.url), username: "me", password: "secret" });
    assert.equal(found, "rtsp://127.0.0.1:554/sub?a=1&b=2");
    assert.equal(await askAt(device, { url: new URL(camera.url), username: "me", password: "wrong" }), undefined);
  });

  it("is nowhere where no ONVIF answers, or a camera that knows no media service", async () => {
    const device = { clock: systemClock, log: silentLog, signal: new AbortController().signal };
    await using events = await OnvifCamera.start({});
    assert.equal(await askAt(device, { url: new URL(events.url), username: undefined }), "nobody");
    const gone = await OnvifCamera.start({});
    const url = new URL(gone.url);
    await gone[Symbol.asyncDispose]();
    assert.equal(await askAt(device, { url, username: undefined }), "nobody");
  });
});
