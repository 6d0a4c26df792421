import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { opusFormat } from "../../media/format.ts";
import type { AskedPublisher } from "../../media/viewer.ts";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { AgentSpeaker } from "./agent-speaker.ts";

function speaker() {
  const clock = new ManualClock();
  const one = new AgentSpeaker({ deviceId: "shed", echoCancelling: false, clock, log: silentLog });
  const reader = one.track.read();
  const stop = new AbortController();
  const frames = (async function* () {
    yield { data: new Uint8Array([0xf8, 0xff, 0xfe]), timestampUs: 0, durationUs: 20_000, key: true };
  })();
  const play = () => one.play({ format: opusFormat, live: true, frames, signal: stop.signal });
  const session = (audible: Promise<boolean>) => ({ audible }) as AskedPublisher;
  return { clock, one, reader, stop, play, session };
}

describe("the loudspeaker of a camera agent", () => {
  it("plays as soon as the agent is connected, and not before", async () => {
    const { clock, one, reader, play, session } = speaker();
    const playing = play();
    const audible = Promise.withResolvers<boolean>();
    one.begins(session(audible.promise));
    await clock.advance(1000);
    assert.equal(reader.take(), undefined);
    audible.resolve(true);
    await clock.advance(0);
    assert.equal(reader.take()?.data.length, 3);
    await clock.advance(100);
    await playing;
  });

  it("says why it cannot play: not connected in time, takes no sound, lost", async () => {
    const late = speaker();
    const refused = assert.rejects(late.play(), /connecting/);
    await late.clock.advance(8000);
    await refused;
    const deaf = speaker();
    deaf.one.begins(deaf.session(Promise.resolve(false)));
    await assert.rejects(deaf.play(), /takes no sound/);
    const lost = speaker();
    lost.one.begins(lost.session(Promise.resolve(true)));
    await lost.clock.advance(0);
    lost.one.ends();
    const again = assert.rejects(lost.play(), /connecting/);
    await lost.clock.advance(8000);
    await again;
  });

  it("waits no longer when the talker lets go", async () => {
    const { play, stop, clock } = speaker();
    const playing = assert.rejects(play());
    stop.abort();
    await playing;
    assert.equal(clock.pending, 0);
  });
});
