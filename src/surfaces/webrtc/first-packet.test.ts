import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { firstPacketSent } from "./first-packet.ts";

/** A viewer of whom so many packets have left each time that it is asked. */
function viewer(sent: readonly number[], closed: Promise<string> = new Promise(() => {})) {
  let asked = 0;
  const stats = async () => {
    const packetsSent = sent[Math.min(asked++, sent.length - 1)];
    if (packetsSent === undefined) throw new Error("it is over");
    return { packetsSent, bytesSent: 0, framesDropped: 0, nacks: 0, keyFrameRequests: 0 };
  };
  return { stats, closed };
}

async function after(clock: ManualClock, looking: Promise<boolean>): Promise<boolean> {
  for (let ms = 0; ms < 16_000; ms += 50) {
    await clock.advance(50);
    await new Promise(setImmediate);
  }
  return looking;
}

describe("the first packet to a viewer", () => {
  it("is seen when it has left, and given up after a while or when the viewer is over", async () => {
    const clock = new ManualClock();
    assert.equal(await after(clock, firstPacketSent(viewer([0, 0, 3]), clock)), true);
    assert.equal(await after(clock, firstPacketSent(viewer([0]), clock)), false);
    assert.equal(await firstPacketSent(viewer([0], Promise.resolve("closed")), clock), false);
    assert.equal(await firstPacketSent(viewer([]), clock), false);
  });
});
