// Writes the generated pages of docs/, and what is made of the languages between hub, engine and room stations.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedPages } from "./docs-pages.ts";
import { engineWireFiles } from "./engine-wire.ts";
import { roomWireFiles } from "./room-wire.ts";

for (const { file, text } of await generatedPages()) {
  writeFileSync(join(import.meta.dirname, "..", "docs", file), text);
  console.log(`docs/${file}`);
}

for (const { path, text } of [...engineWireFiles(), ...roomWireFiles()]) {
  writeFileSync(join(import.meta.dirname, "..", path), text);
  console.log(path);
}
