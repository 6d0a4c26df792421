import assert from "node:assert/strict";
import { it } from "node:test";
import { backendUrl } from "./backend-url.ts";

it("takes a hub's address as it stands in the browser, and any place that is given", () => {
  for (const [text, url] of [
    ["wss://hub:8443", "wss://hub:8443/ws/device"],
    ["ws://hub:8480/", "ws://hub:8480/ws/device"],
    ["https://hub:8443/", "wss://hub:8443/ws/device"],
    ["http://127.0.0.1:8480", "ws://127.0.0.1:8480/ws/device"],
    ["ws://hub:8000/ws/device", "ws://hub:8000/ws/device"],
    ["wss://hub/behind/ws/device?x=1", "wss://hub/behind/ws/device?x=1"],
  ] as const) {
    assert.equal(backendUrl(text), url);
  }
});

it("says what is no address", () => {
  for (const text of ["nonsense", "", "rtsp://hub/", "ws:"]) {
    assert.throws(() => backendUrl(text), /--backend .*is no address: it begins with ws:\/\/ or wss:\/\//);
  }
});
