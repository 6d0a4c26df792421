import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { channelNamed, channelsSchema, groupsConfig, type House, isChannelId, membersOf, partsOf } from "./channel.ts";

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

  describe("by what people call it", () => {
    const called: House = {
      devices: [
        { id: "kitchen", name: "Kitchen", area: "Ground floor", speaks: true },
        { id: "k2", name: "Küche", area: "Kitchen", speaks: true },
        { id: "twin-1", name: "Twin", speaks: true },
        { id: "twin-2", name: "twin", area: "Twin", speaks: true },
        { id: "away", name: "Attic", speaks: false },
      ],
      groups: new Map([["Outside", ["k2"]]]),
    };
    const named = (text: string) => channelNamed(text, called);

    it("is everybody only when it says so", () => {
      for (const text of ["all", "All Rooms", "ALL ROOMS", " all rooms ", "All_Rooms"])
        assert.equal(named(text), "all");
    });

    it("is a device before a group before an area, in any case of its letters", () => {
      assert.equal(named("KITCHEN"), "device:kitchen");
      assert.equal(named("küche"), "device:k2");
      assert.equal(named("KU\u0308CHE"), "device:k2");
      assert.equal(named("outside"), "group:Outside");
      assert.equal(named("ground FLOOR"), "area:Ground floor");
      assert.equal(named("attic"), "device:away");
    });

    it("may be a channel's own name, which has to be there", () => {
      assert.equal(named("device:k2"), "device:k2");
      assert.equal(named("area:kitchen"), "area:Kitchen");
      assert.equal(named("group:outside"), "group:Outside");
      for (const text of ["device:nowhere", "area:Cellar", "group:none"]) assert.equal(named(text), undefined);
    });

    it("is nobody when nothing is called so, and when two devices are", () => {
      for (const text of ["", "Cellar", "everyone", "allx", "Twin", "__proto__"]) assert.equal(named(text), undefined);
    });
  });
});
