import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Loudness, Speaker } from "../device/driver.ts";
import { pcmFormat } from "../media/format.ts";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import { type MemoryStore, openDeviceMemory } from "./device-memory.ts";
import { RaisedLoudness } from "./raised-loudness.ts";

/** A device that keeps its own loudness, and hubs that may be restarted over the same store. */
function scripted(loudness: Loudness = { volume: 0.3, muted: true }) {
  const clock = new ManualClock();
  const state = { loudness: loudness as Loudness | undefined, there: true, hangs: false, told: [] as Loudness[] };
  const speaker: Speaker = {
    formats: [pcmFormat(8000)],
    echoCancelling: false,
    play: async () => {},
    loudness: {
      now: () => state.loudness,
      set: (next) => {
        if (state.hangs) return new Promise(() => {});
        state.told.push(next);
        state.loudness = next;
        return Promise.resolve();
      },
    },
  };
  const kept = new Map<string, unknown>();
  const store: MemoryStore = {
    load: (id) => kept.get(id),
    save: (id, value) => kept.set(id, structuredClone(value)),
  };
  const startHub = () =>
    new RaisedLoudness({
      memory: openDeviceMemory({ deviceId: "station", about: "room", store, log: silentLog }),
      speaker: () => (state.there ? speaker : undefined),
      onChange: () => {},
      clock,
      log: silentLog,
    });
  return { clock, state, startHub, settled: () => clock.advance(0) };
}

const loud: Loudness = { volume: 1, muted: false };
const before: Loudness = { volume: 0.3, muted: true };

describe("the loudness of a device that keeps its own", () => {
  it("is raised and mute is lifted for an emergency, and both are put back", async () => {
    const { state, startHub, settled } = scripted();
    const hub = startHub();
    const emergency = hub.raise();
    await settled();
    assert.deepEqual([state.loudness, hub.raised], [loud, true]);
    emergency[Symbol.dispose]();
    emergency[Symbol.dispose]();
    await settled();
    assert.deepEqual([state.loudness, hub.raised, hub.playing], [before, false, false]);
    assert.equal(state.told.length, 2);
  });

  it("is what it was before the first of several emergencies, in whatever order they end", async () => {
    const { state, startHub, settled } = scripted();
    const hub = startHub();
    const first = hub.raise();
    await settled();
    const second = hub.raise();
    await settled();
    first[Symbol.dispose]();
    await settled();
    assert.deepEqual(state.loudness, loud);
    second[Symbol.dispose]();
    const third = hub.raise();
    await settled();
    third[Symbol.dispose]();
    await settled();
    assert.deepEqual(state.loudness, before);
  });

  it("stays as somebody changed it by hand meanwhile, and only what they changed", async () => {
    for (const [hand, left] of [
      [{ volume: 0.6 }, { volume: 0.6, muted: true }],
      [{ muted: true }, { volume: 0.3, muted: true }],
      [
        { volume: 0, muted: true },
        { volume: 0, muted: true },
      ],
    ] as const) {
      const { state, startHub, settled } = scripted();
      const hub = startHub();
      const first = hub.raise();
      await settled();
      state.loudness = { ...loud, ...hand };
      const second = hub.raise();
      await settled();
      assert.deepEqual(state.loudness, loud, "the next emergency is loud all the same");
      second[Symbol.dispose]();
      first[Symbol.dispose]();
      await settled();
      assert.deepEqual(state.loudness, left);
    }
    const { state, startHub, settled } = scripted();
    using hub = new DisposableStack();
    const raising = startHub();
    const emergency = hub.use(raising.raise());
    await settled();
    state.loudness = { volume: 0.6, muted: false };
    emergency[Symbol.dispose]();
    await settled();
    assert.deepEqual(state.loudness, { volume: 0.6, muted: true });
  });

  it("is put back by the next start of a hub that died in the middle", async () => {
    const { state, startHub, settled } = scripted();
    startHub().raise();
    await settled();
    assert.deepEqual(state.loudness, loud);
    const again = startHub();
    assert.equal(again.raised, true);
    again.follow();
    await settled();
    assert.deepEqual([state.loudness, again.raised], [before, false]);
  });

  it("is put back when a device comes again that was away at the end, or had been started anew", async () => {
    for (const afterwards of [loud, before]) {
      const { state, startHub, settled } = scripted();
      const hub = startHub();
      const emergency = hub.raise();
      await settled();
      state.there = false;
      emergency[Symbol.dispose]();
      await settled();
      state.there = true;
      state.loudness = afterwards;
      hub.follow();
      await settled();
      assert.deepEqual([state.loudness, hub.raised], [before, false]);
    }
  });

  it("is raised when a device comes, or says how loud it is, only in the middle of an emergency", async () => {
    const { state, startHub, settled } = scripted();
    const hub = startHub();
    state.loudness = undefined;
    using _emergency = hub.raise();
    await settled();
    assert.equal(state.told.length, 0);
    state.loudness = before;
    hub.follow();
    await settled();
    assert.deepEqual(state.loudness, loud);
  });

  it("is tried again when a device did not take it, and holds nothing up", async () => {
    const { clock, state, startHub, settled } = scripted();
    const hub = startHub();
    const emergency = hub.raise();
    await settled();
    state.hangs = true;
    emergency[Symbol.dispose]();
    await clock.advance(5001);
    assert.deepEqual([state.loudness, hub.raised], [loud, true]);
    state.hangs = false;
    hub.follow();
    await settled();
    assert.deepEqual([state.loudness, hub.raised], [before, false]);
  });

  it("is left alone where it is as loud as can be already", async () => {
    const { state, startHub, settled } = scripted(loud);
    startHub().raise()[Symbol.dispose]();
    await settled();
    assert.deepEqual(state.told, []);
  });
});
