import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { type LineSocket, takeWay } from "../net/way.ts";
import { Hub } from "./hub.ts";

describe("Hub.startSignedIn", () => {
  const asked: string[] = [];
  before(() => {
    Object.assign(globalThis, {
      location: new URL("http://hub.test/"),
      window: Object.assign(new EventTarget(), { setTimeout, setInterval, clearTimeout, clearInterval }),
      document: new EventTarget(),
    });
    takeWay({
      fetch: async (url) => {
        asked.push(url);
        return Response.json({});
      },
      socket: () => silentSocket,
    });
  });

  it("ends, and asks for nobody, when the line is given up before anything came", async () => {
    const hub = new Hub();
    const started = hub.startSignedIn();
    hub.stop();
    await started;
    assert.deepEqual(asked, []);
  });

  it("ends when another line takes over", async () => {
    const hub = new Hub();
    const first = hub.startSignedIn();
    const second = hub.startSignedIn();
    await first;
    hub.stop();
    await second;
    assert.equal(hub.session, undefined);
  });
});

const silentSocket: LineSocket = { readyState: 0, onopen: null, onmessage: null, onclose: null, send() {}, close() {} };
