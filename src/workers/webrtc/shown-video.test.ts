import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { NalCodec } from "../../media/format.ts";
import { Track } from "../../media/track.ts";
import { ManualClock } from "../../util/clock.ts";
import { ShownVideo } from "./shown-video.ts";

function set() {
  const held = new Map<number, number>();
  const ids = new Map<Track, number>();
  const told: number[] = [];
  const shown = new ShownVideo((track) => {
    const id = ids.get(track) ?? ids.size + 1;
    ids.set(track, id);
    held.set(id, (held.get(id) ?? 0) + 1);
    return { id, [Symbol.dispose]: () => held.set(id, (held.get(id) ?? 0) - 1) };
  });
  const track = (codec: NalCodec = "h264") =>
    new Track({ kind: "video", codec, parameterSets: [] }, { id: "cam", clock: new ManualClock() });
  const tracks = () => [...held].filter(([, count]) => count > 0).map(([id]) => id);
  return { shown, track, told, tracks, turn: (id: number) => told.push(id) };
}

describe("which picture a viewer is shown", () => {
  it("gives the worker both until it has turned", async () => {
    const { shown, track, tracks, turn } = set();
    shown.begin(track());
    const done = shown.show(track(), turn);
    assert.deepEqual(tracks(), [1, 2]);
    shown.turned(2);
    assert.equal(await done, true);
    assert.deepEqual(tracks(), [2]);
  });

  it("keeps what was given up until the worker has turned: it may have done so to that", async () => {
    const { shown, track, tracks, turn, told } = set();
    const large = track();
    shown.begin(large);
    const first = shown.show(track(), turn);
    const back = shown.show(large, turn);
    assert.equal(await first, false);
    shown.turned(2);
    assert.deepEqual(tracks(), [1, 2]);
    shown.turned(1);
    assert.equal(await back, true);
    assert.deepEqual(tracks(), [1]);
    assert.deepEqual(told, [2, 1]);
  });

  it("refuses another codec, which takes a new offer", () => {
    const { shown, track, turn, told } = set();
    shown.begin(track());
    assert.throws(() => shown.show(track("h265"), turn), { code: "codec-differs" });
    assert.deepEqual(told, []);
  });

  it("ends what waits, and all shares, with the viewer", async () => {
    const { shown, track, tracks, turn } = set();
    shown.begin(track());
    const done = shown.show(track(), turn);
    shown[Symbol.dispose]();
    assert.equal(await done, false);
    assert.deepEqual(tracks(), []);
  });
});
