import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Format } from "../../media/format.ts";
import { defaultMaxFrames } from "../../media/reader.ts";
import { Track } from "../../media/track.ts";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import type { ToChild } from "./messages.ts";
import { SharedTracks } from "./shared-tracks.ts";

const format: Format = { kind: "video", codec: "h264", parameterSets: [], widthPx: 640, heightPx: 360 };
/** As many bytes as may be underway to the worker. */
const fullPipe = 8 * 1024 * 1024;
/** As many frames as then wait in the reader. */
const fullQueue = defaultMaxFrames.video;

function makeShared() {
  const clock = new ManualClock();
  const track = new Track(format, { id: "front/main/video", clock });
  const warnings: object[] = [];
  const sent: (() => void)[] = [];
  const posted: ToChild[] = [];
  const shared = new SharedTracks({
    post: (message, onSent) => {
      posted.push(message);
      if (onSent) sent.push(onSent);
    },
    log: { ...silentLog, warn: (fields, message) => warnings.push({ ...fields, message }) },
  });
  const write = (timestampUs: number, how: { readonly key?: boolean; readonly bytes?: number } = {}) =>
    track.write({ data: new Uint8Array(how.bytes ?? 1), timestampUs, key: how.key ?? false });
  return { clock, track, shared, warnings, sent, posted, write };
}

describe("tracks that viewers share", () => {
  it("say once a second which track's frames a worker that does not read loses, and how many", async () => {
    const { clock, track, shared, warnings, write } = makeShared();
    write(0, { key: true, bytes: fullPipe });
    using _share = shared.share(track);
    const overflow = () => {
      for (let time = 1; time <= fullQueue + 1; time++) write(time, { key: time === 1 });
    };
    overflow();
    const said = { track: "front/main/video", message: "frames for the webrtc worker are lost: their queue is full" };
    const counts = { delivered: 1, droppedWaitingKey: 0, droppedOldAudio: 0 };
    const first = { ...said, ...counts, droppedSlow: fullQueue + 1, lagged: 1 };
    assert.deepEqual(warnings, [first]);
    overflow();
    assert.deepEqual(warnings, [first], "not twice within a second");
    await clock.advance(1000);
    overflow();
    assert.deepEqual(warnings, [first, { ...said, ...counts, droppedSlow: 3 * (fullQueue + 1), lagged: 3 }]);
    assert.equal(track.dropped.droppedSlow, 3 * (fullQueue + 1));
  });

  it("go on with the next key frame when the worker reads again", () => {
    const { track, shared, sent, posted, warnings, write } = makeShared();
    write(0, { key: true, bytes: fullPipe });
    using _share = shared.share(track);
    for (let time = 1; time <= fullQueue; time++) write(time, { key: time === 1 });
    write(1000);
    write(1001);
    write(1002, { key: true });
    write(1003);
    assert.equal(warnings.length, 1);
    for (const onSent of sent.splice(0)) onSent();
    const times = posted.flatMap((message) => (message.type === "frame" ? [message.timestampUs] : []));
    assert.deepEqual(times, [0, 1002, 1003]);
  });
});
