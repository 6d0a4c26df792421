import assert from "node:assert/strict";
import { it } from "node:test";
import type { PageDevice } from "../api.ts";
import { bellTargets, sayBellTarget } from "./bell-targets.ts";

const speaker = {} as PageDevice["speaker"];
const kitchen = { id: "kitchen", name: "Kitchen", kind: "room", tracks: [], speaker } as unknown as PageDevice;
const video = [{ kind: "video" }];
const yard = { id: "yard", name: "Yard", kind: "rtsp", tracks: video } as unknown as PageDevice;
const house = { people: [{ id: "u1", name: "Anna" }], devices: [kitchen, yard], areas: ["Upstairs"], groups: [] };

it("a bell can ring people, areas, groups and whatever can be heard; kinds of which there is none are left out", () => {
  const found = bellTargets(house).flatMap(({ heading, choices }) => choices.map(({ to }) => `${heading} ${to}`));
  assert.deepEqual(found, ["People person:Anna", "Areas area:Upstairs", "Devices device:kitchen"]);
});

it("each is called what people call it; what is gone is shown as it is written", () => {
  const said = (to: string) => sayBellTarget(to, house);
  assert.equal(said("person:u1"), "Anna");
  assert.equal(said("person:anna"), "Anna");
  assert.equal(said("device:kitchen"), "Kitchen");
  assert.equal(said("area:Upstairs"), "All in Upstairs");
  assert.equal(said("all"), "All rooms");
  assert.equal(said("person:Zoe"), "Zoe (not found)");
});
