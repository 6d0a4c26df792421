import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { settingsJsonSchema } from "../../../src/hub/device-settings.ts";
import { changedBasics, changedFields, formFields, type SettingsSchema, withoutPreview } from "./device-form.ts";

const schema = settingsJsonSchema() as SettingsSchema;

describe("the form of a device", () => {
  it("has a field for every setting of the hub but those with places of their own", () => {
    const fields = formFields(schema, { all: true });
    assert.deepEqual(
      fields.map(({ name, kind, value }) => [name, kind, value]),
      [
        ["enabled", "switch", true],
        ["warm", "switch", false],
        ["warmByHabit", "switch", true],
        ["volume", "number", 1],
        ["muted", "switch", false],
        ["doNotDisturb", "switch", false],
        ["watch", "choice", "auto"],
        ["ptz", "choice", "off"],
        ["ptzUrl", "text", ""],
      ],
    );
    for (const { label, help } of fields) assert.ok(label !== "" && help !== "" && !help.includes("`"));
  });

  it("shows what the device has, and sends only what was changed", () => {
    const fields = formFields(schema, { all: true, values: { volume: 2, warm: true } });
    assert.deepEqual(changedFields(fields, new Map()), {});
    const entered = new Map<string, string | boolean>([
      ["volume", "0.5"],
      ["warm", true],
      ["doNotDisturb", true],
    ]);
    assert.deepEqual(changedFields(fields, entered), { volume: 0.5, doNotDisturb: true });
  });

  it("takes choices and texts, and takes an emptied text away", () => {
    const properties = {
      mode: { type: "string", enum: ["a", "b"], default: "a", changedBy: "device" },
      note: { type: "string" },
    };
    assert.deepEqual(
      formFields({ properties }, { all: false }).map(({ name }) => name),
      ["mode"],
    );
    const fields = formFields({ properties }, { all: true, values: { note: "x" } });
    assert.deepEqual(changedFields(fields, new Map([["note", ""]])), { note: null });
  });
});

test("saving a form that shows a part of a device sends nothing but what was changed in it", () => {
  const before = { name: "Yard", area: "Outside", address: "rtsp://192.168.1.20/stream" };
  const shown = { ...before, username: "", password: "" };
  assert.deepEqual(changedBasics(shown, before, { all: true }), {});
  assert.deepEqual(changedBasics({ ...shown, name: "Court" }, before, { all: true }), { name: "Court" });
  assert.deepEqual(changedBasics({ ...shown, area: "" }, before, { all: true }), { area: null });
  assert.deepEqual(changedBasics({ ...shown, password: "secret" }, before, { all: true }), { password: "secret" });
});

test("whoever sets up only this device sends no more than they may change, also where the form shows less", () => {
  const before = { name: "Yard", area: "Outside", address: "rtsp://192.168.1.20/stream" };
  const shown = { name: "Yard", area: "", address: "", username: "x", password: "y" };
  assert.deepEqual(changedBasics(shown, before, { all: false }), {});
  assert.deepEqual(changedBasics({ ...shown, name: "Court" }, before, { all: false }), { name: "Court" });
});

test("what is wrong with an address is told without the hub's own name for the trial", () => {
  assert.equal(
    withoutPreview("Device preview-17d3311f8d8f6c6b: no driver for https: addresses."),
    "No driver for https: addresses.",
  );
  assert.equal(withoutPreview("The hub does not answer."), "The hub does not answer.");
});
