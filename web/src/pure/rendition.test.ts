import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fittingRendition, LoadGuard, type RenditionFacts, renditionUrl } from "./rendition.ts";

const facts = (change: Partial<RenditionFacts> & { readonly width?: number; readonly pixelRatio?: number } = {}) => {
  const { width = 480, pixelRatio = 1, ...more } = change;
  return fittingRendition({
    quality: "auto",
    place: { widthPx: width, heightPx: (width * 9) / 16, pixelRatio },
    alone: false,
    small: { widthPx: 640, heightPx: 360 },
    now: undefined,
    overloaded: false,
    ...more,
  });
};

describe("which picture of a camera is asked for", () => {
  it("is the small one on a tile and the large one on its own page", () => {
    assert.equal(facts({ width: 480 }), "sub");
    assert.equal(facts({ width: 480, pixelRatio: 2 }), "sub", "four in a row of a fine screen");
    assert.equal(facts({ width: 390, pixelRatio: 3 }), "sub", "a phone that is held upright");
    assert.equal(facts({ width: 1200 }), "main");
    assert.equal(facts({ width: 844, pixelRatio: 3 }), "main", "a phone on its side");
    assert.equal(facts({ width: 855, alone: true }), "main", "its own page on a small screen");
    assert.equal(facts({ width: 390, pixelRatio: 3, alone: true }), "main", "its own page on a phone");
    assert.equal(facts({ width: 480, alone: true }), "sub", "where the small one is as sharp");
  });

  it("stays what it is in between, so that a tile that grows and shrinks by a little does not go to and fro", () => {
    assert.equal(facts({ width: 960, now: "sub" }), "sub");
    assert.equal(facts({ width: 960, now: "main" }), "main");
    assert.equal(facts({ width: 1040, now: "sub" }), "main");
    assert.equal(facts({ width: 880, now: "main" }), "sub");
  });

  it("goes by the small picture's own size, and by a usual one where that is not known", () => {
    assert.equal(facts({ width: 1200, small: { widthPx: 1280, heightPx: 720 } }), "sub");
    assert.equal(facts({ width: 600, small: { widthPx: 320, heightPx: 180 } }), "main");
    assert.equal(facts({ width: 600, small: {} }), "sub");
  });

  it("is what the person chose", () => {
    assert.equal(facts({ width: 2000, quality: "small" }), "sub");
    assert.equal(facts({ width: 100, quality: "large", overloaded: true }), "main");
  });

  it("is the small one for a browser that does not keep up, and while nothing has a size yet", () => {
    assert.equal(facts({ width: 2000, overloaded: true }), "sub");
    assert.equal(facts({ width: 0 }), "sub");
    assert.equal(facts({ width: 0, now: "main" }), "main");
  });

  it("stands in the address", () => {
    assert.equal(renditionUrl("/whep/yard", undefined), "/whep/yard");
    assert.equal(renditionUrl("/whep/yard", "sub"), "/whep/yard?rendition=sub");
    assert.equal(renditionUrl("/whep/yard?talk=auto", "main"), "/whep/yard?talk=auto&rendition=main");
  });
});

describe("a browser that does not keep up", () => {
  const bad = { large: true, pictures: 100, dropped: 40, drawnPerSecond: 60 };
  const good = { ...bad, dropped: 1 };

  it("is found after two bad looks in a row, and not after one", () => {
    const guard = new LoadGuard();
    for (const [nowMs, sample] of [bad, good, bad].entries()) guard.take({ nowMs, ...sample });
    assert.equal(guard.overloaded(3), false);
    guard.take({ nowMs: 4, ...bad });
    assert.equal(guard.overloaded(5), true);
  });

  it("is tried again after a minute, then after two: never to and fro", () => {
    const guard = new LoadGuard();
    let switches = 0;
    let before = false;
    for (let nowMs = 0; nowMs < 60 * 60_000; nowMs += 5000) {
      guard.take({ nowMs, ...bad, large: !guard.overloaded(nowMs) });
      const now = guard.overloaded(nowMs);
      if (now !== before) switches++;
      before = now;
    }
    assert.ok(switches <= 14, `${switches} in an hour`);
  });

  it("is forgiven when it went well for long", () => {
    const guard = new LoadGuard();
    for (const nowMs of [0, 1]) guard.take({ nowMs, ...bad });
    for (const nowMs of [1_000_000, 1_000_001]) guard.take({ nowMs, ...bad });
    assert.equal(guard.overloaded(1_000_001 + 59_000), true);
    assert.equal(guard.overloaded(1_000_001 + 61_000), false);
  });

  it("is also one that is drawn too seldom; a few pictures or the small one say nothing", () => {
    const slow = new LoadGuard();
    for (const nowMs of [0, 1]) slow.take({ nowMs, ...good, drawnPerSecond: 9 });
    assert.equal(slow.overloaded(2), true);
    const few = new LoadGuard();
    for (const nowMs of [0, 1, 2]) few.take({ nowMs, ...bad, pictures: 5, dropped: 5 });
    for (const nowMs of [3, 4, 5]) few.take({ nowMs, ...bad, large: false });
    assert.equal(few.overloaded(6), false);
  });
});
