import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { originOf } from "./source-map.ts";

/** File and line of our own code where an error was made; undefined when it names none. */
export function placeOf(error: unknown): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  for (const frame of stack.split("\n")) {
    // The folder of a bundle may be below one that is called src.
    const bundled = /(file:\/\/[^\s()]+\.cjs):(\d+):(\d+)/.exec(frame);
    const place = bundled ? placeInBundle(bundled) : ownPlace(frame);
    if (place) return place;
  }
  return undefined;
}

/** What stands below the last `src` or `dist` of a path; undefined in a library. Installed, our own package is in node_modules. */
function ownPlace(path: string): string | undefined {
  const inside = path.split(/[\\/]node_modules[\\/]/);
  if (inside.length > 1 && !/^doorward[\\/]/.test(inside.at(-1)!)) return undefined;
  return /.*\b(?:src|dist)\/([\w./-]+(?::\d+)?)/.exec(inside.at(-1)!)?.[1];
}

/** Places that were looked up, by where they stand in the bundle: an error that comes again and again is looked up once. */
const known = new Map<string, string | undefined>();
const maxKnown = 100;

/** The hub runs from few files (scripts/bundle.mjs): what stood there is told by the map beside each, read when it is needed. */
function placeInBundle([frame, file = "", line, column]: RegExpExecArray): string | undefined {
  if (!known.has(frame)) {
    if (known.size >= maxKnown) known.clear();
    known.set(frame, lookUp(file, { line: Number(line), column: Number(column) }));
  }
  return known.get(frame);
}

function lookUp(file: string, at: { readonly line: number; readonly column: number }): string | undefined {
  try {
    const text = readFileSync(`${fileURLToPath(file)}.map`, "utf8");
    const { mappings, sources } = JSON.parse(text) as {
      readonly mappings: string;
      readonly sources: readonly string[];
    };
    const origin = originOf(mappings, at);
    const source = sources[origin?.source ?? -1];
    // From where the bundle lies, a library's path need not name node_modules.
    const own = source === undefined ? undefined : ownPlace(fileURLToPath(new URL(source, file)).replaceAll("\\", "/"));
    return own && `${own}:${origin?.line}`;
  } catch {
    return undefined; // no map: the file is none of ours
  }
}
