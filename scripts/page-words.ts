// What the page says: finds the sentences in its sources, for the test of its catalogues and for translators.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "web", "src");

/** A sentence as a source writes it: `t("…")`, or the plural of `tn(count, "…", "…")`. */
export interface PageSentence {
  readonly sentence: string;
  /** Has a singular beside it. */
  readonly counted: boolean;
  readonly file: string;
}

/** Words that stand in a source without being said by `t`. */
export interface BareWords {
  readonly file: string;
  readonly words: string;
}

/** The page's sources, without their tests, with paths below `web/src`. */
export function pageSources(): ReadonlyMap<string, string> {
  const files = globSync("**/*.ts", { cwd: root }).filter((file) => !file.endsWith(".test.ts"));
  return new Map(files.sort().map((file) => [file, readFileSync(join(root, file), "utf8")]));
}

const literal = String.raw`("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')`;
const said = new RegExp(String.raw`(?<![\w.])t\(\s*${literal}`, "g");
const countedSaid = new RegExp(String.raw`(?<![\w.])tn\(\s*[^"'\n]*?,\s*${literal},\s*${literal}`, "g");

/** All sentences of a source. */
export function sentencesOf(source: string, file: string): readonly PageSentence[] {
  const plain = [...source.matchAll(said)].map(([, text]) => ({ sentence: unquoted(text!), counted: false, file }));
  const counted = [...source.matchAll(countedSaid)].map(([, , text]) => ({
    sentence: unquoted(text!),
    counted: true,
    file,
  }));
  return [...plain, ...counted];
}

function unquoted(text: string): string {
  const inside = text.slice(1, -1).replaceAll("\\'", "'").replaceAll('"', '\\"').replaceAll('\\\\"', '\\"');
  return JSON.parse(`"${inside}"`) as string;
}

/** Words between two tags, or in an attribute that people read or hear, that are written in a template as they are. */
export function bareWordsOf(source: string, file: string): readonly BareWords[] {
  return templatesOf(source).flatMap((template) => {
    const texts = template
      .replace(/<(?:style|code|kbd|pre)\b[^>]*>[\s\S]*?<\/(?:style|code|kbd|pre)>/g, " ")
      .replace(/\s(?:aria-label|title|placeholder|alt|label)="([^"]*)"/g, " >$1< ")
      .replace(/<[^<>]*>/g, "\u0000");
    return texts
      .split(/[\u0000\u0001<>]/)
      .map((text) => text.trim())
      .filter((text) => /\p{L}{2,}/u.test(text) && !/^&\w+;$/.test(text))
      .map((words) => ({ file, words }));
  });
}

/** Texts of several words in a program's own literals that `t` does not say: of conditions, of names put together. */
export function unsaidIn(source: string, file: string): readonly BareWords[] {
  return literalsOf(source)
    .filter((text) => /\p{L}{2,},? \p{L}{2,}|\u0001 \p{L}{2,}|^ \p{L}{2,} ?\u0001/u.test(text))
    .filter((text) => !/^[\w\s[\],.>:#-]*\[[^\]]*\][\w\s[\],.>:#-]*$/.test(text))
    .map((words) => ({ file, words }));
}

/** Literals of the program, without what `t` and `tn` say, comments, and the static text of `html` and `css`. */
function literalsOf(source: string): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < source.length; at++) {
    const char = source[at];
    if (source.startsWith("//", at)) at = source.indexOf("\n", at);
    else if (source.startsWith("/*", at)) at = source.indexOf("*/", at) + 1;
    else if (char === '"' || char === "'") {
      const end = endOfString(source, at);
      if (!isSaid(source.slice(0, at))) found.push(source.slice(at + 1, end));
      at = end;
    } else if (char === "`") {
      const { text, end, inside } = templateAt(source, at + 1);
      if (!/(?:html|css|svg)$/.test(source.slice(0, at))) found.push(text);
      found.push(...inside.flatMap(literalsOf));
      at = end;
    }
    if (at < 0) break;
  }
  return found;
}

/** Whether what follows is an argument of `t` or `tn`, an import, or an error's own message. */
function isSaid(before: string): boolean {
  return /(?<![\w.])(?:t|told)\(\s*$|(?<![\w.])tn\([^;"]*(?:"(?:[^"\\]|\\.)*",\s*)?$|(?:\bfrom|\bimport\(?|Error\()\s*$/.test(
    before.slice(-400),
  );
}

/** The static text of each `html` template, a mark in place of what is put in. Templates within are templates of their own. */
export function templatesOf(source: string): readonly string[] {
  const found: string[] = [];
  for (let at = source.indexOf("html`"); at >= 0; at = source.indexOf("html`", at + 5)) {
    if (/[\w.]/.test(source[at - 1] ?? "")) continue;
    found.push(templateAt(source, at + 5).text);
  }
  return found;
}

function templateAt(
  source: string,
  from: number,
): { readonly text: string; readonly end: number; readonly inside: readonly string[] } {
  let text = "";
  const inside: string[] = [];
  for (let at = from; at < source.length; at++) {
    const char = source[at];
    if (char === "`") return { text, end: at, inside };
    if (char === "\\") at++;
    else if (char === "$" && source[at + 1] === "{") {
      const end = endOfExpression(source, at + 2);
      inside.push(source.slice(at + 2, end));
      at = end;
      text += "\u0001";
    } else text += char;
  }
  return { text, end: source.length, inside };
}

/** The closing brace of what is put in; strings and templates within are passed over. */
function endOfExpression(source: string, from: number): number {
  for (let at = from, depth = 0; at < source.length; at++) {
    const char = source[at];
    if (char === "`") at = templateAt(source, at + 1).end;
    else if (char === '"' || char === "'") at = endOfString(source, at);
    else if (char === "/" && source[at + 1] === "/") at = source.indexOf("\n", at);
    else if (char === "{") depth++;
    else if (char === "}" && depth-- === 0) return at;
  }
  return source.length;
}

function endOfString(source: string, from: number): number {
  for (let at = from + 1; at < source.length; at++) {
    if (source[at] === "\\") at++;
    else if (source[at] === source[from] || source[at] === "\n") return at;
  }
  return source.length;
}

/** Places of a sentence that values are put into, in order of the alphabet. */
export function placesOf(sentence: string): readonly string[] {
  return [...new Set([...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!))].sort();
}

if (import.meta.main) {
  const sources = [...pageSources()];
  const all = new Set(sources.flatMap(([file, source]) => sentencesOf(source, file)).map(({ sentence }) => sentence));
  for (const language of ["de", "fr", "es"]) {
    const path = join(root, "language", `${language}.json`);
    const catalogue = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    const missing = [...all].filter((sentence) => !Object.hasOwn(catalogue, sentence));
    process.stdout.write(`${language}: ${missing.length} of ${all.size} sentences are missing\n`);
    for (const sentence of missing) process.stdout.write(`  ${JSON.stringify(sentence)}\n`);
  }
  const bare = sources.flatMap(([file, source]) => bareWordsOf(source, file));
  process.stdout.write(`written as they are: ${bare.length}\n`);
  for (const { file, words } of bare) process.stdout.write(`  ${file}: ${words}\n`);
}
