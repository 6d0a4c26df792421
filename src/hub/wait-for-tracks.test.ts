import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { opusFormat, type VideoFormat } from "../media/format.ts";
import { Track } from "../media/track.ts";
import { ManualClock } from "../util/clock.ts";
import { Listeners } from "../util/listeners.ts";
import type { DevicePhase } from "./state.ts";
import { type Waited, waitForTracks } from "./wait-for-tracks.ts";

const h264: VideoFormat = { kind: "video", codec: "h264", parameterSets: [] };

/** A device that publishes when it is told. */
function scripted() {
  const clock = new ManualClock();
  const changes = new Listeners<void>(assert.ifError);
  const tracks = new Map<string, Track>();
  let phase: DevicePhase = "connecting";
  const device: Waited = {
    get state() {
      return { phase, sinceMs: 0 };
    },
    onChange: (listener) => changes.add(listener),
    track: (kind) => tracks.get(kind),
    waitForTrack: (kind, { timeoutMs, signal }) =>
      new Promise((resolve) => {
        const look = () => tracks.has(kind) && resolve(tracks.get(kind));
        look();
        changes.add(look);
        clock.timer(timeoutMs, () => resolve(undefined));
        signal?.addEventListener("abort", () => resolve(undefined));
      }),
  };
  return {
    clock,
    device,
    publish: (kind: "video" | "audio", alone = false) => {
      const track = new Track(kind === "video" ? h264 : opusFormat, { id: kind, clock });
      track.alone = alone;
      tracks.set(kind, track);
      changes.emit();
    },
    become: (next: DevicePhase) => {
      phase = next;
      changes.emit();
    },
  };
}

/** What came, and when. */
function outcome(rig: ReturnType<typeof scripted>) {
  return waitForTracks(rig.device, { timeoutMs: 10_000 }).then(({ video, audio }) => ({
    kinds: [video?.id, audio?.id],
    atMs: rig.clock.nowUs() / 1000,
  }));
}

describe("waiting for a device's tracks", () => {
  it("takes at once what a running device has", async () => {
    const rig = scripted();
    rig.publish("video");
    assert.deepEqual(await outcome(rig), { kinds: ["video", undefined], atMs: 0 });
  });

  it("gives sound a little time after the picture", async () => {
    const [late, silent] = [scripted(), scripted()];
    const results = [outcome(late), outcome(silent)];
    for (const rig of [late, silent]) {
      await rig.clock.advance(1000);
      rig.publish("video");
      await rig.clock.advance(100);
    }
    late.publish("audio");
    await silent.clock.advance(1000);
    assert.deepEqual(await results[0], { kinds: ["video", "audio"], atMs: 1100 });
    assert.deepEqual((await results[1])?.kinds, ["video", undefined]);
  });

  it("waits for nothing beside what was announced as alone", async () => {
    for (const kind of ["video", "audio"] as const) {
      const rig = scripted();
      const result = outcome(rig);
      await rig.clock.advance(1000);
      rig.publish(kind, true);
      const kinds = kind === "video" ? [kind, undefined] : [undefined, kind];
      assert.deepEqual(await result, { kinds, atMs: 1000 });
    }
  });

  it("gives the picture some seconds after the sound", async () => {
    const [slow, blind] = [scripted(), scripted()];
    const results = [outcome(slow), outcome(blind)];
    for (const rig of [slow, blind]) {
      rig.publish("audio");
      await rig.clock.advance(2500);
    }
    slow.publish("video");
    await blind.clock.advance(600);
    assert.deepEqual((await results[0])?.kinds, ["video", "audio"]);
    assert.deepEqual((await results[1])?.kinds, [undefined, "audio"]);
  });

  it("gives up when the device fails, and after the time-out", async () => {
    const [locked, mute] = [scripted(), scripted()];
    const results = [outcome(locked), outcome(mute)];
    locked.become("wrong-password");
    await mute.clock.advance(10_000);
    assert.deepEqual(await results[0], { kinds: [undefined, undefined], atMs: 0 });
    assert.deepEqual(await results[1], { kinds: [undefined, undefined], atMs: 10_000 });
  });
});
