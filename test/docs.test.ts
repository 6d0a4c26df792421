import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { generatedPages } from "../scripts/docs-pages.ts";

const docs = join(import.meta.dirname, "..", "docs");

describe("generated pages", async () => {
  for (const { file, text } of await generatedPages()) {
    it(`docs/${file} is what the code says ("npm run docs" writes it anew)`, () => {
      assert.equal(readFileSync(join(docs, file), "utf8"), text);
    });
  }
});
