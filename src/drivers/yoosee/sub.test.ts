import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeDevice } from "../../../test/contracts/fake-device.ts";
import { clip } from "../../../test/rtsp.ts";
import { startFakeRtsp } from "../rtsp/fake.ts";
import { startFakeYoosee } from "./fake.ts";
import { createYooseeDriver } from "./index.ts";

const driver = createYooseeDriver();
const parse = (path: string, more: object = {}) =>
  driver.config.parse({ address: `rtsp://192.168.1.20${path}`, ...more });

describe("the small picture of a Yoosee camera", () => {
  it("is its other stream, on a connection of its own, and offers no speaker", async () => {
    await using pictures = await startFakeRtsp({ path: "/onvif2", video: clip() });
    await using camera = await startFakeYoosee({ rtspPort: pictures.port });
    const device = new FakeDevice();
    const config = driver.config.parse({ address: `rtsp://127.0.0.1:${camera.port}/onvif1` });
    const ended = driver.sub?.run(device, config);
    await device.until(() => device.readyCount > 0);
    assert.equal(device.speaker, undefined);
    assert.ok(pictures.requests.some(({ uri }) => uri.endsWith("/onvif2")));
    device.stop.abort();
    await ended;
  });

  it("is none, which is no fault, where the camera has nothing at that path; where it was set it is one", async () => {
    await using pictures = await startFakeRtsp({ path: "/onvif1", video: clip() });
    await using camera = await startFakeYoosee({ rtspPort: pictures.port });
    const address = `rtsp://127.0.0.1:${camera.port}`;
    const run = (sub: string) =>
      driver.sub?.run(new FakeDevice(), driver.config.parse({ address: `${address}/onvif1`, sub })) ??
      Promise.resolve();
    await assert.rejects(run("auto"), {
      code: "no-sub",
      message: /^this camera has no small picture at \/onvif2: .*404/,
    });
    await assert.rejects(run(`${address}/other`), { code: "not-found" });
  });

  it("is there for a camera at its first stream, or where it is set; not at the second, or where it is switched off", () => {
    const offered = (path: string, more?: object) => driver.sub?.offered(parse(path, more));
    assert.equal(offered("/onvif1"), true);
    assert.equal(offered("/onvif2"), false);
    assert.equal(offered("/onvif1", { sub: "off" }), false);
    assert.equal(offered("/onvif2", { sub: "rtsp://192.168.1.20/onvif1" }), true);
    assert.throws(() => parse("/onvif1", { sub: "rtsp://me:secret@192.168.1.20/onvif2" }));
  });
});
