import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const folder = join(import.meta.dirname, "one-place");

test("a setting that is added in one place is in the file, the API, the page's form and the docs", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--no-warnings",
    "--import",
    join(folder, "add-colour.ts"),
    join(folder, "look.ts"),
  ]);
  const found = JSON.parse(stdout);
  assert.equal(found.file.colour, "blue");
  assert.deepEqual(
    found.saved.map(({ colour }: { colour: string }) => colour),
    ["blue", "red"],
  );
  assert.equal(found.added.colour, "blue");
  assert.equal(found.changed.colour, "red");
  assert.equal(found.refused, "invalid");
  assert.deepEqual(found.field, {
    name: "colour",
    label: "Colour",
    help: "Of its frame.",
    kind: "choice",
    value: "red",
    choices: ["red", "blue"],
  });
  assert.ok(found.openapi);
  assert.equal(found.docs, "| `colour` | `red`, `blue` | `red` | Of its frame. |");
});
