import assert from "node:assert/strict";
import { test } from "node:test";
import { atHost } from "./media.ts";

test("the address that a camera names is always at the camera itself, and without a log-in", () => {
  const own = "192.0.2.7";
  assert.equal(atHost("rtsp://a:b@c:d@evil.example/x", own), "rtsp://192.0.2.7/x");
  assert.equal(atHost("rtsp://a@b@evil.example:8554/x?y=1", own), "rtsp://192.0.2.7:8554/x?y=1");
  assert.equal(atHost("rtsp://[2001:db8::1]:554/x", own), "rtsp://192.0.2.7:554/x");
  assert.equal(atHost("rtsps://other.example/x", "[2001:db8::2]"), "rtsps://[2001:db8::2]/x");
  assert.equal(atHost("rtsp://[not-closed/x", own), undefined);
});
