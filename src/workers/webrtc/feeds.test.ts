import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Format } from "../../media/format.ts";
import { defaultMaxFrames } from "../../media/reader.ts";
import { Track } from "../../media/track.ts";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { Feeds } from "./feeds.ts";
import type { ToChild } from "./messages.ts";

const format: Format = { kind: "video", codec: "h264", parameterSets: [], widthPx: 640, heightPx: 360 };
/** As many bytes as may be underway to the worker. */
const fullPipe = 8 * 1024 * 1024;
/** As many frames as then wait in the reader. */
const fullQueue = defaultMaxFrames.video;

function makeFeed() {
  const clock = new ManualClock();
  const track = new Track(format, { id: "front/main/video", clock });
  const warnings: object[] = [];
  const sent: (() => void)[] = [];
  const posted: ToChild[] = [];
  const feeds = new Feeds({
    post: (message, onSent) => {
      posted.push(message);
      if (onSent) sent.push(onSent);
    },
    log: { ...silentLog, warn: (fields, message) => warnings.push({ ...fields, message }) },
  });
  const write = (timestampUs: number, how: { readonly key?: boolean; readonly bytes?: number } = {}) =>
    track.write({ data: new Uint8Array(how.bytes ?? 1), timestampUs, key: how.key ?? false });
  return { clock, track, feeds, warnings, sent, posted, write };
}

describe("feeds", () => {
  it("say once a second which track's frames a worker that does not read loses, and how many", async () => {
    const { clock, track, feeds, warnings, write } = makeFeed();
    write(0, { key: true, bytes: fullPipe });
    using _share = feeds.share(track);
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
    const { track, feeds, sent, posted, warnings, write } = makeFeed();
    write(0, { key: true, bytes: fullPipe });
    using _share = feeds.share(track);
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
