import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { originOf } from "./source-map.ts";

/** File and line of our own code where an error was made; undefined when it names none. */
export function placeOf(error: unknown): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return /(?:src|dist)\/(?!bundle\/)([\w./-]+:\d+)/.exec(stack)?.[1] ?? placeInBundle(stack);
}

/** Places that were looked up, by where they stand in the bundle: an error that comes again and again is looked up once. */
const known = new Map<string, string | undefined>();
const maxKnown = 100;

/** The hub runs from few files (scripts/bundle.mjs): what stood there is told by the map beside each, read when it is needed. */
function placeInBundle(stack: string): string | undefined {
  for (const [frame, file = "", line, column] of stack.matchAll(/(file:\/\/[^\s()]+\.mjs):(\d+):(\d+)/g)) {
    if (!known.has(frame)) {
      if (known.size >= maxKnown) known.clear();
      known.set(frame, lookUp(file, { line: Number(line), column: Number(column) }));
    }
    const place = known.get(frame);
    if (place) return place;
  }
  return undefined;
}

function lookUp(file: string, at: { readonly line: number; readonly column: number }): string | undefined {
  try {
    const text = readFileSync(`${fileURLToPath(file)}.map`, "utf8");
    const { mappings, sources } = JSON.parse(text) as {
      readonly mappings: string;
      readonly sources: readonly string[];
    };
    const origin = originOf(mappings, at);
    const source = sources[origin?.source ?? -1] ?? "";
    const own = source.includes("node_modules") ? undefined : /(?:src|dist)\/([\w./-]+)$/.exec(source)?.[1];
    return own && `${own}:${origin?.line}`;
  } catch {
    return undefined; // no map: the file is none of ours
  }
}
