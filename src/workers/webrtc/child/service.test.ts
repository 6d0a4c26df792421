import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FromPublishChild } from "../messages.ts";
import { WebRtcService } from "./service.ts";

const nothingPlanned = { sections: [], withoutSound: false };

/** A service whose port is about to be opened, so that an answer has to wait for it. */
function starting() {
  const posted: FromPublishChild[] = [];
  let wake = () => {};
  const service = new WebRtcService((message) => {
    posted.push(message);
    wake();
  });
  service.receive({
    type: "configure",
    clockOffsetUs: 0,
    udpPort: 0,
    iceServers: [],
    announceAddresses: [],
    leaveOutInterfaces: [],
  });
  const heard = async () => {
    while (posted.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return posted[0];
  };
  return { service, heard };
}

describe("the worker's service", () => {
  it("does not answer a viewer who left while the port was being opened", async () => {
    const { service, heard } = starting();
    await using _ = service;
    service.receive({ type: "view", viewer: 7, offerSdp: "v=0", plan: nothingPlanned });
    service.receive({ type: "close", viewer: 7 });
    assert.deepEqual(await heard(), { type: "closed", viewer: 7, reason: "closed" });
    assert.equal(service.viewers, 0);
  });
});
