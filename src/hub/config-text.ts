import { type Document, isNode, LineCounter, parseDocument, visit } from "yaml";
import type { z } from "zod";
import { FatalError, messageOf } from "../util/errors.ts";
import { isSecretName, redact } from "../util/redact.ts";
import "../util/schema-words.ts";

/** What a configuration text holds. */
export interface ParsedConfig<T> {
  readonly value: T;
  readonly document: Document;
}

/**
 * Reads a configuration text. Throws FatalError `bad-config` whose message lists every fault with its line:
 * `doorward.yaml:4: devices.front.address: has to be a text, and is a number`. It quotes no value of the text, which may be a secret.
 */
export function parseConfig<T>(
  text: string,
  options: { readonly name: string; readonly schema: z.ZodType<T> },
): ParsedConfig<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = { document, name: options.name, text, lines };
  if (document.errors.length > 0) {
    throw badConfig(document.errors.map((error) => grammarFault(error.message, { offset: error.pos[0], place })));
  }
  const parsed = options.schema.safeParse(withoutEmpty(plainValue(place) ?? {}));
  if (parsed.success) return { value: parsed.data, document };
  throw badConfig(parsed.error.issues.flatMap((issue) => describe(issue, place)));
}

/**
 * One section of a configuration text, before the others are known; undefined for a text or a section with a fault, which
 * {@link parseConfig} tells.
 */
export function sectionOf<T>(
  text: string,
  { name, schema }: { readonly name: string; readonly schema: z.ZodType<T> },
): T | undefined {
  const document = parseDocument(text, { prettyErrors: false });
  if (document.errors.length > 0) return undefined;
  try {
    const value: unknown = document.toJS();
    if (typeof value !== "object" || value === null) return undefined;
    return schema.safeParse((withoutEmpty(value) as Readonly<Record<string, unknown>>)[name]).data;
  } catch {
    return undefined;
  }
}

/** The line of a device's setting, or of one of its driver's options, or of the device; undefined where it is not there. */
export function lineOfDevice(
  text: string,
  { id, field }: { readonly id: string; readonly field: readonly string[] },
): number | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const device = ["devices", id];
  const paths = [[...device, "options", ...field], [...device, ...field], device];
  for (const path of paths) {
    const node = document.getIn(path, true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}

/** A FatalError `bad-config` with a sentence for each fault, without secrets. */
export function badConfig(problems: readonly string[], cause?: unknown): FatalError {
  return new FatalError(problems.map(redact).join("\n"), { code: "bad-config", cause });
}

type Issue = z.core.$ZodIssue;
interface Place {
  readonly document: Document;
  readonly name: string;
  readonly text: string;
  readonly lines: LineCounter;
}

/** Aliases are resolved only here: one without its anchor, or a bomb of them, is a fault of the text like any other. */
function plainValue(place: Place): unknown {
  const { document } = place;
  try {
    return document.toJS();
  } catch (error) {
    let offset: number | undefined;
    visit(document, {
      Alias: (_key, alias) => {
        offset ??= alias.resolve(document) ? undefined : alias.range?.[0];
      },
    });
    throw badConfig([grammarFault(messageOf(error), { offset, place })]);
  }
}

/** A section of which everything is commented out is as good as absent. */
function withoutEmpty(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, section]) => section !== null));
}

/** The parser's own sentence quotes the text; on a line that may hold a secret it is left out. */
function grammarFault(message: string, at: { readonly offset: number | undefined; readonly place: Place }): string {
  const { text, lines } = at.place;
  const number = lineOf(at.offset, at.place);
  const start = lines.lineStarts[number - 1] ?? 0;
  const line = text.slice(start, lines.lineStarts[number] ?? text.length);
  const quotes =
    line.includes("://") || line.split(/[\s:=?&{,]+/).some((word) => isSecretName(word.replace(/\W/g, "")));
  const what = quotes ? "this line cannot be read; put the value in quotation marks" : (message.split("\n")[0] ?? "");
  return `${at.place.name}:${number}: ${what}`;
}

function describe(issue: Issue, place: Place): string[] {
  if (issue.code === "invalid_union") {
    const deepest = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0] ?? [];
    return deepest.flatMap((inner) => describe({ ...inner, path: [...issue.path, ...inner.path] } as Issue, place));
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => sentence([...issue.path, key], { what: "there is no such setting", place }));
  }
  return [sentence(issue.path, { what: issue.message, place })];
}

function sentence(path: readonly PropertyKey[], at: { readonly what: string; readonly place: Place }): string {
  const { what, place } = at;
  const words = path.map((part) => (isPlainWord(String(part)) ? String(part) : "..."));
  return `${place.name}:${lineOf(offsetOf(place.document, path), place)}: ${words.join(".")}: ${what}`;
}

/** Without a blank after its colon a password becomes a part of the name: such a name is not repeated. */
function isPlainWord(name: string): boolean {
  return /^[\p{L}\p{M}\p{N}_ .-]{1,64}$/u.test(name);
}

function depth(issues: readonly { readonly path: readonly PropertyKey[]; readonly code?: string }[]): number {
  return Math.max(0, ...issues.map(({ path, code }) => path.length + (code === "unrecognized_keys" ? 1 : 0)));
}

function lineOf(offset: number | undefined, { lines }: Place): number {
  return offset === undefined ? 1 : lines.linePos(offset).line;
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return undefined;
}
