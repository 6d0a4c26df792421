// Writes the generated pages of docs/, and what is made of the language between hub and engine.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedPages } from "./docs-pages.ts";
import { engineWireFiles } from "./engine-wire.ts";

for (const { file, text } of await generatedPages()) {
  writeFileSync(join(import.meta.dirname, "..", "docs", file), text);
  console.log(`docs/${file}`);
}

for (const { path, text } of engineWireFiles()) {
  writeFileSync(join(import.meta.dirname, "..", path), text);
  console.log(path);
}
