import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startAgentBackend } from "../../../test/peers/agent-backend.ts";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { CameraAgent } from "./index.ts";

describe("the sessions of an agent", () => {
  it("that nobody makes an offer for are over after a minute, and leave their places to others", async () => {
    await using backend = await startAgentBackend();
    const clock = new ManualClock();
    const stop = new AbortController();
    let demands = 0;
    const agent = new CameraAgent({
      url: backend.url,
      deviceId: "shed",
      name: undefined,
      token: undefined,
      claims: false,
      source: {
        demand: () => {
          demands++;
          return { [Symbol.dispose]: () => void demands-- };
        },
        tracks: () => Promise.reject(new Error("the camera is away")),
      },
      webrtc: { view: () => Promise.reject(new Error("never asked")) },
      onWatched: () => {},
      onState: () => {},
      clock,
      log: silentLog,
    });
    const running = agent.run(stop.signal);
    await backend.agent;
    const many = Array.from({ length: 64 }, () => backend.watch());
    const one = many[0]!;
    const offer = { sdp: { type: "offer", sdp: "v=0" } };
    one.say("signal_offer", offer);
    assert.equal((await one.next("end_watch")).payload["reason"], "the camera is away");
    await clock.advance(60_000);
    assert.equal((await many[63]!.next("end_watch")).payload["reason"], "timeout");
    const later = backend.watch();
    later.say("signal_offer", offer);
    assert.equal((await later.next("end_watch")).payload["reason"], "the camera is away");
    assert.equal(demands, 0);
    stop.abort();
    await running;
    assert.equal(clock.pending, 0);
  });
});
