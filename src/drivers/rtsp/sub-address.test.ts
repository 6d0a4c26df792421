import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { guessedSub, subAddress } from "./sub-address.ts";

const at = (path: string) => `rtsp://192.168.1.20:554${path}`;

describe("the address of a small picture", () => {
  for (const [large, small] of [
    ["/Streaming/Channels/101", "/Streaming/Channels/102"],
    ["/Streaming/Channels/1601?transportmode=unicast", "/Streaming/Channels/1602?transportmode=unicast"],
    ["/h264/ch1/main/av_stream", "/h264/ch1/sub/av_stream"],
    ["/cam/realmonitor?channel=1&subtype=0", "/cam/realmonitor?channel=1&subtype=1"],
    ["/cam/realmonitor?channel=2&subtype=0&unicast=true", "/cam/realmonitor?channel=2&subtype=1&unicast=true"],
    ["/h264Preview_01_main", "/h264Preview_01_sub"],
    ["/Preview_01_main", "/Preview_01_sub"],
    ["/stream1", "/stream2"],
    ["/onvif1", "/onvif2"],
    ["/videoMain", "/videoSub"],
    ["/unicast/c1/s0/live", "/unicast/c1/s1/live"],
    ["/media/video1", "/media/video2"],
    ["/user=admin_password=x_channel=1_stream=0.sdp", "/user=admin_password=x_channel=1_stream=1.sdp"],
    ["/11", "/12"],
    ["/profile1", "/profile2"],
    ["/live.sdp", "/live2.sdp"],
    ["/main", "/sub"],
    ["/ch0", "/ch1"],
    ["/ch0_0.h264", "/ch0_1.h264"],
    ["/av0_0", "/av0_1"],
    ["/live/ch00_0", "/live/ch00_1"],
  ] as const)
    it(`of ${large} is ${small}`, () => assert.equal(guessedSub(at(large)), at(small)));

  for (const path of [
    "",
    "/",
    "/Streaming/Channels/102",
    "/cam/realmonitor?channel=1&subtype=1",
    "/stream2",
    "/stream10",
    "/onvif2",
    "/12",
    "/sub",
    "/cam1",
    "/mainstreet",
  ])
    it(`of ${path || "no path"} is not known`, () => assert.equal(guessedSub(at(path)), undefined));

  it("is a path at the same camera, or an address of its own", () => {
    assert.equal(subAddress(at("/a?b=c"), "/small?x=1"), at("/small?x=1"));
    assert.equal(subAddress("rtsps://cam.lan/a", "/small"), "rtsps://cam.lan/small");
    assert.equal(subAddress(at("/a"), "rtsp://nvr.lan/7"), "rtsp://nvr.lan/7");
  });
});
