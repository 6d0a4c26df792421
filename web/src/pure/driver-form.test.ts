import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { rtspConfig } from "../../../src/drivers/rtsp/config.ts";
import { changedOptions, type DriverSchema, driverFields } from "./driver-form.ts";

const schema = z.toJSONSchema(rtspConfig, { io: "input", unrepresentable: "any" }) as DriverSchema;

describe("the options of a driver on the page", () => {
  it("are fields made of its own schema, without what the form asks for elsewhere", () => {
    const fields = driverFields(schema, { transport: "udp" });
    const names = fields.map(({ name }) => name);
    assert.ok(names.includes("transport") && names.includes("talkCodec") && names.includes("talkRate"));
    assert.ok(!names.includes("address") && !names.includes("password"));
    const transport = fields.find(({ name }) => name === "transport");
    assert.deepEqual(
      [transport?.kind, transport?.value, transport?.usual, transport?.choices],
      ["choice", "udp", "auto", ["auto", "tcp", "udp"]],
    );
    const rate = fields.find(({ name }) => name === "talkRate");
    assert.deepEqual([rate?.kind, rate?.value, rate?.min], ["number", "", 8000], "not set is not zero");
  });

  it("are sent where they were changed and nowhere else, and taken away where they were emptied", () => {
    const fields = driverFields(schema, { transport: "udp", talkRate: 16_000 });
    const entered = (change: Record<string, string>) =>
      new Map([...fields.map(({ name, value }): [string, string] => [name, value]), ...Object.entries(change)]);
    assert.deepEqual(changedOptions(fields, entered({})), {});
    assert.deepEqual(changedOptions(fields, entered({ transport: "", talkRate: "8000" })), {
      transport: null,
      talkRate: 8000,
    });
  });
});
