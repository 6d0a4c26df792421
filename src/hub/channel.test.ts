import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { channelsSchema, groupsConfig, type House, isChannelId, membersOf, partsOf } from "./channel.ts";

const house: House = {
  devices: [
    { id: "gate", area: "Entrance", speaks: true },
    { id: "door", area: "Entrance", speaks: true },
    { id: "roof", area: "Entrance", speaks: false },
    { id: "yard", speaks: true },
  ],
  groups: new Map([["outside", ["yard", "gate", "roof", "sold"]]]),
};

describe("channel", () => {
  it("means a device, an area, a group, or all that can be spoken through", () => {
    assert.deepEqual(membersOf(["device:gate"], house), ["gate"]);
    assert.deepEqual(membersOf(["area:Entrance"], house), ["gate", "door"]);
    assert.deepEqual(membersOf(["group:outside"], house), ["gate", "yard"]);
    assert.deepEqual(membersOf(["all"], house), ["gate", "door", "yard"]);
    assert.deepEqual(membersOf(["area:Attic", "group:none"], house), []);
  });

  it("means each device once, however often it is chosen, and a named one whatever is known of it", () => {
    assert.deepEqual(membersOf(["device:roof", "area:Entrance", "device:gate"], house), ["roof", "gate", "door"]);
  });

  it("has one form, and takes nothing else", () => {
    for (const text of ["all", "device:front-door", "area:Front: the garden", "group:Büro"])
      assert.ok(isChannelId(text));
    for (const text of ["", "front", "device:", "room:x", "area:a\nb", "ALL", `area:${"x".repeat(200)}`]) {
      assert.ok(!isChannelId(text), text);
    }
    assert.deepEqual(partsOf("area:Front: the garden"), ["area", "Front: the garden"]);
    assert.deepEqual(channelsSchema.parse("all"), ["all"]);
    assert.ok(!channelsSchema.safeParse([]).success);
    assert.ok(!channelsSchema.safeParse(["all", "front"]).success);
  });

  it("knows groups from the configuration file", () => {
    assert.deepEqual(groupsConfig.parse(undefined), {});
    assert.deepEqual(groupsConfig.parse({ outside: ["yard"] }), { outside: ["yard"] });
    assert.ok(!groupsConfig.safeParse({ "a\nb": ["yard"] }).success);
  });
});
