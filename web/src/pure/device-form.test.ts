import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { settingsJsonSchema } from "../../../src/hub/device-settings.ts";
import { changedFields, formFields, type SettingsSchema } from "./device-form.ts";

const schema = settingsJsonSchema() as SettingsSchema;

describe("the form of a device", () => {
  it("has a field for every setting of the hub but those with places of their own", () => {
    const fields = formFields(schema, { all: true });
    assert.deepEqual(
      fields.map(({ name, kind, value }) => [name, kind, value]),
      [
        ["enabled", "switch", true],
        ["warm", "switch", false],
        ["volume", "number", 1],
        ["muted", "switch", false],
        ["doNotDisturb", "switch", false],
      ],
    );
    for (const { label, help } of fields) assert.ok(label !== "" && help !== "");
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
