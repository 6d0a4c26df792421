import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bellSchema } from "../../../src/hub/bell-settings.ts";
import type { BellSettings } from "../api.ts";
import { type BellDraft, bellFaults, changedBell, draftOfBell } from "./bell-form.ts";

/** A bell with something of everything that the settings know. */
const full: BellSettings = bellSchema.parse({
  camera: "porch",
  rings: ["all"],
  groups: [["area:Kitchen", "person:Anna"], ["device:attic"]],
  groupS: 20,
  forward: { afterS: 40, to: ["person:Cleo"] },
  ringS: 60,
  quiet: [{ from: "22:00", to: "07:00", days: ["sat", "sun"] }],
  names: { "2": { name: "Flat 2", rings: ["person:Ben"] }, "3": { name: "Flat 3", rings: [] }, side: { name: "Side" } },
  openedEnds: false,
  texts: { missed: "Nobody is in.", declined: "", later: "kept" },
  lock: { by: "mqtt", topic: "door/set", state: { topic: "door" } },
});

function changed(before: BellSettings | undefined, change: Partial<BellDraft>, now = before): BellSettings | undefined {
  return changedBell({ ...draftOfBell(before), ...change }, { before, now });
}

describe("the form of a bell", () => {
  it("that nobody touched sends nothing, whatever the bell has", () => {
    const groupsOnly: BellSettings = { groups: [["all"], []] };
    for (const bell of [undefined, {}, full, { rings: [] }, { quiet: [], texts: {}, names: {} }, groupsOnly])
      assert.equal(changed(bell, {}), undefined, JSON.stringify(bell));
  });

  it("loses nothing that it did not show, and only what was changed is another", () => {
    assert.deepEqual(changed(full, { ringS: "30" }), { ...full, ringS: 30 });
    const { ringS: _, ...usual } = full;
    assert.deepEqual(changed(full, { ringS: "" }), usual, "an emptied number is the usual one");
    const texts = { ...draftOfBell(full).texts, missed: { how: "house", words: "" } as const };
    assert.deepEqual(changed(full, { texts })?.texts, { declined: "", later: "kept" });
  });

  it("keeps what somebody else changed meanwhile", () => {
    const now: BellSettings = { ...full, camera: "yard", lock: { by: "none" } };
    assert.deepEqual(changed(full, { openedEnds: true }, now), { ...now, openedEnds: true });
  });

  it("says whom it rings: everybody, some at once, or one after another", () => {
    const groups = bellSchema.parse({ groups: [["person:Anna"], ["person:Ben", "area:Kitchen"]] }).groups ?? [];
    assert.deepEqual(changed(undefined, { way: "in-turn", groups }), { groups });
    assert.deepEqual(changed({ groups }, { way: "together" }), { rings: ["person:Anna"] });
    assert.deepEqual(changed({ rings: ["all"], ringS: 20 }, { way: "everybody" }), { ringS: 20 });
    const forward = { forwards: true, forwardTo: ["person:Cleo"] };
    assert.deepEqual(changed(undefined, forward), { forward: { afterS: 30, to: ["person:Cleo"] } });
  });

  it("gives only what the hub takes", () => {
    const draft: Partial<BellDraft> = {
      way: "together",
      groups: [["person:Anna"]],
      ringS: "20",
      quiet: [{ from: "13:00", to: "15:00" }],
      names: [{ key: " 2 ", name: " Flat 2 ", rings: undefined }],
      texts: { ...draftOfBell().texts, opened: { how: "silent", words: "" }, missed: { how: "own", words: "Later." } },
    };
    const bell = changed(undefined, draft);
    assert.deepEqual(bellSchema.parse(bell), bell);
    assert.deepEqual(bell?.names, { "2": { name: "Flat 2" } });
    assert.deepEqual(bell?.texts, { missed: "Later.", opened: "" });
  });

  it("says what cannot be saved, at its field", () => {
    const faults = (change: Partial<BellDraft>) => [...bellFaults({ ...draftOfBell(), ...change }).keys()];
    assert.deepEqual([...bellFaults(draftOfBell()).keys()], []);
    assert.deepEqual(faults({ way: "together" }), ["rings"]);
    assert.deepEqual(faults({ way: "in-turn", groups: [["all"], []] }), ["groups.1"]);
    assert.deepEqual(faults({ forwards: true }), ["forward.to"]);
    const twice = { key: "1", name: "A", rings: undefined };
    assert.deepEqual(faults({ names: [twice, twice, { ...twice, key: "" }] }), ["names.1", "names.2"]);
    const texts = { ...draftOfBell().texts, missed: { how: "own", words: " " } as const };
    assert.deepEqual(faults({ texts }), ["texts.missed"]);
  });
});
