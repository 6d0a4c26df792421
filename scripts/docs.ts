// Writes the generated pages of docs/.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedPages } from "./docs-pages.ts";

for (const { file, text } of await generatedPages()) {
  writeFileSync(join(import.meta.dirname, "..", "docs", file), text);
  console.log(`docs/${file}`);
}
