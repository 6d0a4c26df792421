import { watch } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { type Document, isNode, LineCounter, parseDocument, visit } from "yaml";
import type { z } from "zod";
import type { Clock } from "../util/clock.ts";
import { FatalError, messageOf } from "../util/errors.ts";

/** What a configuration text holds. */
export interface ParsedConfig<T> {
  readonly value: T;
  readonly document: Document;
}

/**
 * Reads a configuration text. Throws FatalError `bad-config` whose message lists every fault with its line:
 * `doorward.yaml:4: devices.front.address: expected a string`.
 */
export function parseConfig<T>(
  text: string,
  options: { readonly name: string; readonly schema: z.ZodType<T> },
): ParsedConfig<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const where = (offset: number | undefined) =>
    `${options.name}:${offset === undefined ? 1 : lines.linePos(offset).line}`;
  if (document.errors.length > 0) {
    throw badConfig(document.errors.map((error) => `${where(error.pos[0])}: ${firstLine(error.message)}`));
  }
  const parsed = options.schema.safeParse(plainValue({ document, where }) ?? {});
  if (parsed.success) return { value: parsed.data, document };
  throw badConfig(parsed.error.issues.flatMap((issue) => describe(issue, { document, where })));
}

type Issue = z.core.$ZodIssue;
interface Place {
  readonly document: Document;
  readonly where: (offset: number | undefined) => string;
}

/** Aliases are resolved only here: one without its anchor, or a bomb of them, is a fault of the text like any other. */
function plainValue({ document, where }: Place): unknown {
  try {
    return document.toJS();
  } catch (error) {
    let offset: number | undefined;
    visit(document, {
      Alias: (_key, alias) => {
        offset ??= alias.resolve(document) ? undefined : alias.range?.[0];
      },
    });
    throw badConfig([`${where(offset)}: ${firstLine(messageOf(error))}`]);
  }
}

function describe(issue: Issue, place: Place): string[] {
  if (issue.code === "invalid_union") {
    const deepest = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0] ?? [];
    return deepest.flatMap((inner) => describe({ ...inner, path: [...issue.path, ...inner.path] } as Issue, place));
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return `${place.where(offsetOf(place.document, path))}: ${path.join(".")}: there is no such setting`;
    });
  }
  return [`${place.where(offsetOf(place.document, issue.path))}: ${issue.path.join(".")}: ${issue.message}`];
}

function depth(issues: readonly { readonly path: readonly PropertyKey[]; readonly code?: string }[]): number {
  return Math.max(0, ...issues.map(({ path, code }) => path.length + (code === "unrecognized_keys" ? 1 : 0)));
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return undefined;
}

function badConfig(problems: readonly string[]): FatalError {
  return new FatalError(problems.join("\n"), { code: "bad-config" });
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? text;
}

/** Options of {@link ConfigFile}. */
export interface ConfigFileOptions<T> {
  readonly path: string;
  readonly schema: z.ZodType<T>;
  readonly clock: Clock;
}

/** The configuration file that people write and the page edits; comments and order stay as they are. */
export class ConfigFile<T> {
  #text = "";
  readonly #options: ConfigFileOptions<T>;

  constructor(options: ConfigFileOptions<T>) {
    this.#options = options;
  }

  get path(): string {
    return resolve(this.#options.path);
  }

  /** Reads and checks the file; undefined when there is none. Throws FatalError `bad-config`. */
  async read(): Promise<T | undefined> {
    const text = await readIfThere(this.path);
    if (text === undefined) return undefined;
    const { value } = this.#parse(text);
    this.#text = text;
    return value;
  }

  /** Changes the file in place, or makes it. What would not pass the check is not written. */
  async edit(change: (document: Document) => void): Promise<T> {
    const text = (await readIfThere(this.path)) ?? "";
    const { document } = this.#parse(text);
    change(document);
    const next = document.toString({ lineWidth: 0 });
    const { value } = this.#parse(next);
    const temporary = `${this.path}.${process.pid}.tmp`;
    await writeFile(temporary, next, { mode: 0o600 });
    await rename(temporary, this.path);
    this.#text = next;
    return value;
  }

  /** Calls `onChange` with what the file holds after each change by others, `onProblem` with what is wrong with it. */
  watch(options: {
    readonly onChange: (value: T) => void;
    readonly onProblem: (message: string) => void;
    readonly signal: AbortSignal;
  }): void {
    let pending: Disposable | undefined;
    const check = async () => {
      try {
        const before = this.#text;
        const value = await this.read();
        if (value !== undefined && this.#text !== before) options.onChange(value);
      } catch (error) {
        options.onProblem(messageOf(error));
      }
    };
    const name = basename(this.path);
    watch(dirname(this.path), { signal: options.signal, persistent: false }, (_event, changed) => {
      if (changed !== null && changed !== name) return;
      pending?.[Symbol.dispose]();
      pending = this.#options.clock.timer(100, () => void check());
    });
  }

  #parse(text: string): ParsedConfig<T> {
    return parseConfig(text, { name: basename(this.path), schema: this.#options.schema });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new FatalError(`configuration not read: ${path}: ${messageOf(error)}`, { code: "bad-config", cause: error });
  }
}
