import assert from "node:assert/strict";
import { it } from "node:test";
import { z } from "zod";
import "./schema-words.ts";

const told = (schema: z.ZodType, value: unknown) => schema.safeParse(value).error?.issues[0]?.message;

const cases: readonly (readonly [z.ZodType, unknown, string])[] = [
  [z.object({ name: z.string() }), {}, "is missing: a text has to stand here"],
  [z.number(), "8", "has to be a number, and is a text"],
  [z.boolean(), null, "has to be true or false, and is empty"],
  [z.array(z.string()), "a", "has to be a list, and is a text"],
  [z.object({}), [], "has to be a group of settings, and is a list"],
  [z.int(), 1.5, "has to be a whole number, and is a number"],
  [z.string().min(1), "", "must not be empty"],
  [z.string().min(8), "short", "has to have at least 8 characters"],
  [z.string().max(3), "long", "has to have at most 3 characters"],
  [z.array(z.int()).max(1), [1, 2], "has to have at most 1 entry"],
  [z.number().min(1), 0, "has to be at least 1"],
  [z.number().positive(), 0, "has to be more than 0"],
  [z.number().max(65_535), 70_000, "has to be at most 65535"],
  [z.number().multipleOf(5), 7, "has to be a multiple of 5"],
  [z.enum(["tcp", "udp"]), "smoke", 'has to be one of "tcp", "udp"'],
  [z.literal(true), false, "has to be true"],
  [z.url(), "nowhere", "has to be an address, as https://example.org/path"],
  [z.string().regex(/^a$/), "b", "is not of the form that it has to have"],
  [z.string().regex(/^a$/, "has to be an a"), "b", "has to be an a"],
  [z.string().startsWith("x"), "b", 'has to begin with "x"'],
  [z.strictObject({}), { colour: 1 }, 'has parts that do not exist: "colour"'],
  [
    z.record(z.string().min(3), z.int()),
    { a: 1 },
    "has a part whose name is not possible: it has to have at least 3 characters",
  ],
  [z.union([z.string(), z.int()]), true, "is none of the forms that are possible here"],
];

for (const [schema, value, words] of cases) {
  it(`says what is wrong: ${words}`, () => assert.equal(told(schema, value), words));
}

it("never repeats a value", () => {
  for (const [schema] of cases) {
    const said = told(schema, "rtsp://anna:secret@camera/") ?? "";
    assert.doesNotMatch(said, /secret/);
  }
});
