import { createRequire } from "node:module";
import type { XMLParser } from "fast-xml-parser";
import { WireError } from "../../util/errors.ts";

/** An element as data: children and attributes (`@Name`) by their names without prefix, text as `#text`. */
export type XmlNode = { readonly [name: string]: unknown };

/** Loaded with the first answer of a camera: a house without ONVIF has no use for it. */
let parser: XMLParser | undefined;

function theParser(): XMLParser {
  const library = createRequire(import.meta.url)("fast-xml-parser") as typeof import("fast-xml-parser");
  return new library.XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    removeNSPrefix: true,
    parseTagValue: false,
    parseAttributeValue: false,
  });
}

/** Nothing of ONVIF stands deeper; the parser itself would go on. */
const maxDepth = 64;

/** The document as data. Throws WireError for what is no XML, for a document type, and for elements nested too deeply. */
export function parseXml(text: string): XmlNode {
  if (/<!DOCTYPE/i.test(text)) throw new WireError("XML: a document type is not read");
  assertFlat(text);
  try {
    parser ??= theParser();
    const parsed: unknown = parser.parse(text, true);
    if (isNode(parsed)) return parsed;
  } catch (cause) {
    throw new WireError("XML: it cannot be read", { cause });
  }
  throw new WireError("XML: no element");
}

/** The first element at the end of a path; undefined when there is none. */
export function child(node: unknown, ...path: readonly string[]): XmlNode | undefined {
  let at: unknown = node;
  for (const name of path) at = children(at, name)[0];
  return isNode(at) ? at : undefined;
}

/** All elements of a name in another. */
export function children(node: unknown, name: string): readonly unknown[] {
  if (!isNode(node) || !Object.hasOwn(node, name)) return [];
  const found = node[name];
  return Array.isArray(found) ? found : [found];
}

/** The text at the end of a path; undefined when there is none. */
export function textAt(node: unknown, ...path: readonly string[]): string | undefined {
  let at: unknown = node;
  for (const name of path) at = children(at, name)[0];
  const text = isNode(at) ? at["#text"] : at;
  return typeof text === "string" ? text.trim() : undefined;
}

/** Text as it stands in a document. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function isNode(value: unknown): value is XmlNode {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** In one pass: the text is a stranger's. What stands between `<` and `>` counts as a tag, wherever that is. */
function assertFlat(text: string): void {
  let depth = 0;
  for (let from = text.indexOf("<"); from >= 0; from = text.indexOf("<", from + 1)) {
    const to = text.indexOf(">", from);
    if (to < 0) return;
    const sign = text[from + 1];
    if (sign === "/") depth--;
    else if (sign !== "!" && sign !== "?" && text[to - 1] !== "/") depth++;
    if (depth > maxDepth) throw new WireError("XML: nested too deeply");
    from = to;
  }
}
