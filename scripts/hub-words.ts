// What the hub itself says on the page, for the test of the page's catalogues and for translators: the help of settings, and faults.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { createDrivers } from "../src/drivers/index.ts";
import { settingsJsonSchema } from "../src/hub/device-settings.ts";

const root = join(import.meta.dirname, "..", "src");

/** A JSON schema as far as its words are read. */
interface WordedSchema {
  readonly type?: string;
  readonly label?: string;
  readonly description?: string;
  readonly secret?: boolean;
  readonly properties?: Readonly<Record<string, WordedSchema>>;
}

/** The sentences of the hub that the page shows as it is told them. */
export function hubSentences(): readonly string[] {
  const settings = wordsOf(settingsJsonSchema() as WordedSchema);
  // None of them is run, so that none needs its converter.
  const drivers = createDrivers({ converter: undefined as never }).flatMap(({ config }) =>
    wordsOf(z.toJSONSchema(config, { io: "input", unrepresentable: "any" }) as WordedSchema),
  );
  return [...new Set([...settings, ...drivers, ...faultSentences()])];
}

/** Of settings of one value: the others have screens of their own. What the form asks for in places of its own is not among them. */
function wordsOf({ properties = {} }: WordedSchema): readonly string[] {
  const placed = new Set(["name", "area", "address", "username", "password"]);
  return Object.entries(properties)
    .filter(
      ([name, { type, secret }]) =>
        !placed.has(name) && !secret && /^(string|number|integer|boolean)$/.test(type ?? ""),
    )
    .flatMap(([, { label, description }]) => [label, description])
    .filter((words) => words !== undefined);
}

/** What faults say, where it is written out. */
function faultSentences(): readonly string[] {
  const files = globSync("**/*.ts", { cwd: root }).filter((file) => !file.endsWith(".test.ts"));
  return files
    .map((file) => readFileSync(join(root, file), "utf8"))
    .filter((source) => /faults\.raise\(|FaultText/.test(source))
    .flatMap((source) => [...source.matchAll(/\b(?:what|advice)(?::| =)\s([\s\S]*?)(?:,\n|;\n| \})/g)])
    .flatMap(([, said = ""]) => [...said.matchAll(/"((?:[^"\\\n]|\\.)*)"/g)])
    .map(([, text]) => JSON.parse(`"${text}"`) as string)
    .filter((text) => /^[A-Z].* /.test(text));
}

/** Every code of an error that a source names, with the files. */
export function errorCodes(folders: readonly string[]): ReadonlySet<string> {
  const files = globSync(
    folders.map((folder) => `${folder}/**/*.ts`),
    { cwd: root },
  ).filter((file) => !/\.test\.ts$|\/fake/.test(file));
  const sources = files.map((file) => readFileSync(join(root, file), "utf8"));
  return new Set(sources.flatMap((source) => [...source.matchAll(/\bcode: "([a-z0-9-]+)"/g)].map(([, code]) => code!)));
}
