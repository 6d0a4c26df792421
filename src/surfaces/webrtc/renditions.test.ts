import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Rendition } from "../../hub/api.ts";
import type { DevicePhase } from "../../hub/state.ts";
import { Track } from "../../media/track.ts";
import { ManualClock } from "../../util/clock.ts";
import { asTheyCome } from "./forms.ts";
import { failsAfter, Renditions } from "./renditions.ts";

/** A device of which the test says how it and its small picture are. */
function set(wanted: "main" | "sub") {
  const listeners = new Set<() => void>();
  const demanded: string[] = [];
  const track = (id: string) =>
    new Track({ kind: "video", codec: "h264", parameterSets: [] }, { id, clock: new ManualClock() });
  const tracks = { main: track("main"), sub: track("sub") };
  const states: Record<"main" | "sub", { phase: DevicePhase; code?: string }> = {
    main: { phase: "idle" },
    sub: { phase: "live" },
  };
  const there = new Set<string>(["sub"]);
  const rendition = (name: "main" | "sub") => ({
    get state() {
      const { phase, code } = states[name];
      return { phase, sinceMs: 0, ...(code !== undefined && { error: { code, message: code, atMs: 0 } }) };
    },
    track: () => (there.has(name) ? tracks[name] : undefined),
    waitForTrack: async () => undefined,
    onChange: (listener: () => void) => {
      listeners.add(listener);
      return { [Symbol.dispose]: () => listeners.delete(listener) };
    },
    demand: () => {
      demanded.push(name);
      return { [Symbol.dispose]: () => void demanded.splice(demanded.indexOf(name), 1) };
    },
  });
  const device = Object.assign(rendition("main"), { sub: rendition("sub") as Rendition | undefined, info: () => ({}) });
  Object.defineProperty(device, "state", { get: () => rendition("main").state });
  const shown: string[] = [];
  const over: string[] = [];
  const renditions = new Renditions({ device: device as never, wanted, forms: asTheyCome });
  const changes = async (name: "main" | "sub", phase: DevicePhase, code?: string) => {
    states[name] = { phase, ...(code !== undefined && { code }) };
    if (phase === "live") there.add(name);
    for (const listener of [...listeners]) listener();
    for (let n = 0; n < 5; n++) await Promise.resolve();
  };
  const begin = (name: "main" | "sub") => {
    renditions.begin(name, tracks[name]);
    renditions.show({
      viewer: {
        show: async ({ id }) => {
          shown.push(id);
          return true;
        },
      },
      onOver: (reason) => over.push(reason),
    });
  };
  return { renditions, device, demanded: () => demanded.toSorted(), shown, over, changes, begin, tracks };
}

describe("the renditions of a viewing", () => {
  it("keeps what is shown running until the other has taken its place", async () => {
    const { renditions, demanded, changes, begin, shown } = set("sub");
    begin("sub");
    assert.deepEqual(demanded(), ["sub"]);
    const turned = renditions.want("main");
    assert.deepEqual(demanded(), ["main", "sub"]);
    await changes("main", "live");
    await turned;
    assert.deepEqual(shown, ["main"]);
    assert.deepEqual(demanded(), ["main"]);
    renditions[Symbol.dispose]();
    assert.deepEqual(demanded(), []);
  });

  it("answers a wish that is not met yet when it is said again: a page asks so whether the hub is there", async () => {
    const { renditions, begin, changes, shown } = set("sub");
    begin("sub");
    const first = renditions.want("main");
    const second = renditions.want("main");
    await first;
    assert.deepEqual([renditions.wanted, renditions.shown], ["main", "sub"]);
    await changes("main", "live");
    await second;
    assert.deepEqual(shown, ["main"]);
    renditions[Symbol.dispose]();
  });

  it("does not go to and fro while a small picture that failed is tried again and again", async () => {
    const { demanded, changes, begin, shown } = set("sub");
    begin("sub");
    await changes("sub", "trouble", "lost");
    await changes("main", "live");
    for (const phase of ["connecting", "trouble", "connecting", "waiting-for-key-frame", "trouble"] as const)
      await changes("sub", phase);
    assert.deepEqual(shown, ["main"]);
    assert.deepEqual(demanded(), ["main", "sub"], "it is wanted still");
    await changes("sub", "live");
    assert.deepEqual(shown, ["main", "sub"]);
  });

  it("lets go of the small one where the camera has one connection to give, until the large one is there", async () => {
    const { renditions, demanded, changes, begin, shown } = set("sub");
    begin("sub");
    const turned = renditions.want("main");
    await changes("main", "trouble", "busy");
    assert.deepEqual(demanded(), ["main"]);
    await changes("main", "connecting");
    assert.deepEqual(demanded(), ["main"], "also while it is tried");
    await changes("main", "live");
    await turned;
    assert.deepEqual(shown, ["main"]);
  });

  it("wants no small picture any more that turned out not to be there", async () => {
    const { device, demanded, changes } = set("sub");
    device.sub = undefined;
    await changes("main", "connecting");
    assert.deepEqual(demanded(), ["main"]);
  });

  it("is over when what is shown has ended for good", async () => {
    const { begin, tracks, over } = set("sub");
    begin("sub");
    tracks.sub.close();
    assert.deepEqual(over, ["track-closed"]);
  });

  it("fails from a loss on until it is live again", () => {
    assert.equal(failsAfter(false, "connecting"), false);
    assert.equal(failsAfter(false, "stale"), true);
    assert.equal(failsAfter(true, "waiting-for-key-frame"), true);
    assert.equal(failsAfter(true, "live"), false);
  });
});
