import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FatalError } from "../../util/errors.ts";
import { controlBase, parseRtspAddress, resolveControl } from "./address.ts";

describe("parseRtspAddress", () => {
  test("takes an address apart, with the default ports", () => {
    const plain = parseRtspAddress("rtsp://10.0.0.9/Streaming/Channels/101?transportmode=unicast");
    assert.deepEqual(plain, {
      host: "10.0.0.9",
      port: 554,
      tls: false,
      uri: "rtsp://10.0.0.9/Streaming/Channels/101?transportmode=unicast",
      name: "10.0.0.9:554",
      credentials: undefined,
    });
    assert.equal(parseRtspAddress("rtsps://camera.lan/a").port, 322);
    assert.equal(parseRtspAddress("rtsp://[fe80::1]:8554/a").host, "fe80::1");
  });

  test("keeps credentials out of the URI; given ones come before those of the address", () => {
    const address = "rtsp://admin:p%40ss@10.0.0.9:8554/user=x&password=&channel=1";
    const own = parseRtspAddress(address);
    assert.deepEqual(own.credentials, { username: "admin", password: "p@ss" });
    assert.equal(own.uri, "rtsp://10.0.0.9:8554/user=x&password=&channel=1");
    const given = parseRtspAddress(address, { username: "viewer", password: "100%" });
    assert.deepEqual(given.credentials, { username: "viewer", password: "100%" });
  });

  for (const address of ["", "10.0.0.9", "http://10.0.0.9/", "rtsp://", "rtsp://h:99999/"]) {
    test(`refuses "${address}"`, () => assert.throws(() => parseRtspAddress(address), FatalError));
  }
});

describe("resolveControl", () => {
  const base = "rtsp://h/s";
  for (const [control, from, uri] of [
    ["trackID=1", base, "rtsp://h/s/trackID=1"],
    ["trackID=1", "rtsp://h/s/", "rtsp://h/s/trackID=1"],
    ["/trackID=1", "rtsp://h/s/", "rtsp://h/s/trackID=1"],
    ["track1", "rtsp://h/s?channel=1", "rtsp://h/s?channel=1/track1"],
    ["?ctype=video", base, "rtsp://h/s?ctype=video"],
    ["rtsp://10.1.1.1/s/t", base, "rtsp://10.1.1.1/s/t"],
    ["track 1\0\n", base, "rtsp://h/s/track%201%00%0A"],
    ["*", base, base],
    [undefined, base, base],
  ] as const) {
    test(`${JSON.stringify(control)} from ${from}`, () => assert.equal(resolveControl(control, from), uri));
  }
});

test("controlBase: Content-Base, then Content-Location, then the request; nonsense is passed over", () => {
  const headers = (fields: Record<string, string>) => ({ get: (name: string) => fields[name] });
  const both = { "Content-Base": "rtsp://h/b/", "Content-Location": "rtsp://h/l/" };
  assert.equal(controlBase(headers(both), "rtsp://h/r"), "rtsp://h/b/");
  assert.equal(controlBase(headers({ ...both, "Content-Base": "/b" }), "rtsp://h/r"), "rtsp://h/l/");
  assert.equal(controlBase(headers({}), "rtsp://h/r"), "rtsp://h/r");
});
