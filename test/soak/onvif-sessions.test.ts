import assert from "node:assert/strict";
import { test } from "node:test";
import { hearSessions } from "../peers/onvif-sessions.ts";

const sessions = 200;

test(`${sessions} turns in a row are heard by GStreamer's ONVIF server`, { timeout: 900_000 }, async () => {
  assert.equal(await hearSessions(sessions, "tcp"), sessions);
});
