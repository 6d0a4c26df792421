import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { WallLayout } from "../api.ts";
import {
  favouritesAfter,
  inWallOrder,
  isSearched,
  matching,
  movedTo,
  orderToKeep,
  untouchedWall,
  wallSections,
} from "./wall-order.ts";

const house = [
  { id: "attic", name: "Attic" },
  { id: "yard", name: "Yard", area: "Garden" },
  { id: "shed", name: "Shed", area: "Garden" },
  { id: "door", name: "Door", area: "Front" },
];
const ids = (devices: readonly { readonly id: string }[]) => devices.map(({ id }) => id);
const wall = (change: Partial<WallLayout>): WallLayout => ({ ...untouchedWall, ...change });

describe("the order of the wall", () => {
  it("is by area and name, those without an area last", () => {
    assert.deepEqual(ids(inWallOrder(house)), ["door", "shed", "yard", "attic"]);
  });

  it("counts as people do", () => {
    const cameras = ["Camera 10", "Camera 9", "Camera 2"].map((name) => ({ id: name, name }));
    assert.deepEqual(ids(inWallOrder(cameras)), ["Camera 2", "Camera 9", "Camera 10"]);
  });

  it("is a person's own, favourites first; what they never placed follows", () => {
    assert.deepEqual(ids(inWallOrder(house, wall({ order: ["yard", "gone", "door"] }))), [
      "yard",
      "door",
      "shed",
      "attic",
    ]);
    assert.deepEqual(ids(inWallOrder(house, wall({ order: ["yard", "door"], favourites: ["attic", "door"] }))), [
      "attic",
      "door",
      "yard",
      "shed",
    ]);
  });

  it("changes when one device takes another's place", () => {
    const order = ["a", "b", "c", "d"];
    assert.deepEqual(movedTo(order, { id: "a", to: "c" }), ["b", "c", "a", "d"]);
    assert.deepEqual(movedTo(order, { id: "d", to: "b" }), ["a", "d", "b", "c"]);
    assert.deepEqual(movedTo(order, { id: "gone", to: "b" }), order);
  });

  it("keeps the place of what is away, and never more than the hub takes", () => {
    const before = wall({ order: ["gone", "a", "b"], favourites: ["away", "a", "b"] });
    assert.deepEqual(orderToKeep(["b", "a"], before), { order: ["b", "a", "gone"], favourites: ["b", "a", "away"] });
    const many = Array.from({ length: 600 }, (_, n) => `d${n}`);
    const kept = orderToKeep(many, wall({ favourites: many }));
    assert.deepEqual([kept.order.length, kept.favourites.length], [512, 128]);
  });

  it("makes a favourite, and takes it back", () => {
    assert.deepEqual(favouritesAfter(["a"], "b"), ["a", "b"]);
    assert.deepEqual(favouritesAfter(["a", "b"], "a"), ["b"]);
  });
});

describe("headings on the wall", () => {
  const sections = (layout: WallLayout) =>
    wallSections(inWallOrder(house, layout), layout).map(({ heading, devices }) => [heading, ...ids(devices)]);

  it("are not there where all cameras are taken in at a glance", () => {
    assert.deepEqual(sections(untouchedWall), [[undefined, "door", "shed", "yard", "attic"]]);
  });

  it("are the areas, in the order of what stands first in them, favourites before all", () => {
    const layout = wall({ headings: "on", order: ["yard", "door"], favourites: ["shed"] });
    assert.deepEqual(sections(layout), [
      ["Favourites", "shed"],
      ["Garden", "yard"],
      ["Front", "door"],
      ["Elsewhere", "attic"],
    ]);
  });

  it("come by themselves from thirteen cameras on, and so does the search", () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ id: `c${n}`, name: `C${n}`, area: "A" }));
    const headings = (count: number, layout = untouchedWall) => wallSections(many(count), layout)[0]?.heading;
    assert.deepEqual(
      [headings(12), headings(13), headings(13, wall({ headings: "off" }))],
      [undefined, "A", undefined],
    );
    assert.deepEqual([isSearched(12), isSearched(13)], [false, true]);
  });
});

it("a search finds by name and area, in any case, with and without accents", () => {
  const found = (text: string) => ids(matching([...house, { id: "cafe", name: "Café", area: "Élysée" }], text));
  assert.deepEqual(found("GARDEN"), ["yard", "shed"]);
  assert.deepEqual(found("garden sh"), ["shed"]);
  assert.deepEqual(found("elysee"), ["cafe"]);
  assert.deepEqual(found(" "), ["attic", "yard", "shed", "door", "cafe"]);
  assert.deepEqual(found("cellar"), []);
});
