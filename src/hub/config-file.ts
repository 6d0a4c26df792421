import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { Document } from "yaml";
import type { z } from "zod";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import { Serial } from "../util/serial.ts";
import { watchFile } from "../util/watch-file.ts";
import { removeLeftovers, writeFileDurably } from "../util/write-file.ts";
import { badConfig, lineOfDevice, type ParsedConfig, parseConfig } from "./config-text.ts";

/** Options of {@link ConfigFile}. */
export interface ConfigFileOptions<T> {
  readonly path: string;
  readonly schema: z.ZodType<T>;
  readonly clock: Clock;
  /** Replaces the file as a whole or throws and leaves it; {@link writeFileDurably} by default. */
  readonly write?: (path: string, text: string) => Promise<void>;
}

/** The configuration file that people write and the page edits; comments and order stay as they are. */
export class ConfigFile<T> {
  /** What the hub follows: the text that was last read, taken up or written. */
  #known: string | undefined;
  #started: T | undefined;
  #problems: readonly string[] = [];
  readonly #turns = new Serial();
  readonly #options: ConfigFileOptions<T>;

  constructor(options: ConfigFileOptions<T>) {
    this.#options = options;
  }

  get path(): string {
    return resolve(this.#options.path);
  }

  /** Reads and checks the file; undefined when there is none. Throws FatalError `bad-config`. */
  read(): Promise<T | undefined> {
    return this.#turns.run(async () => {
      await removeLeftovers(this.path).catch(() => {}); // They are in nobody's way, and the folder may be read only.
      const text = await readIfThere(this.path);
      this.#started = text === undefined ? undefined : this.#takeUp(text);
      return this.#started;
    });
  }

  /** What {@link read} gave: what the file said when the hub was started, whatever the command line put in its place. */
  get started(): T | undefined {
    return this.#started;
  }

  /**
   * What the file holds since others changed it; undefined when nobody did. Throws FatalError `bad-config` for a faulty
   * file, and for one that is gone, empty or cut off: that is a fault, and not the wish to have no devices.
   */
  news(): Promise<T | undefined> {
    return this.#turns.run(async () => {
      const text = await this.#text();
      return text === undefined || text === this.#known ? undefined : this.#takeUp(text);
    });
  }

  /**
   * Changes the file in place, or makes it; resolves once it is on the disk. What would not pass the check is not
   * written. When it throws, the file is as it was. Throws FatalError `bad-config` and what the file system throws.
   */
  edit(change: (document: Document) => void): Promise<T> {
    return this.#turns.run(async () => {
      const text = await this.#text();
      const { document, value } = this.#parse(text ?? "");
      change(document);
      const next = document.toString({ lineWidth: 0 });
      if (next === text) return value;
      const parsed = this.#parse(next);
      await (this.#options.write ?? writeFileDurably)(this.path, next);
      // What others had changed before is still to be taken up, so the whole text is news then.
      if (text === this.#known) this.#known = next;
      return parsed.value;
    });
  }

  /** Sentences about devices (`device front: transport: ...`), each with the line of the file that it is about. */
  withLines(sentences: readonly string[]): readonly string[] {
    const text = this.#known;
    this.#problems =
      text === undefined
        ? sentences
        : sentences.map((sentence) => {
            const [, id = "", field = ""] = /^device ([^:]+): (?:([\w.]+): )?/.exec(sentence) ?? [];
            const line = lineOfDevice(text, { id, field: field.split(".") });
            return line === undefined ? sentence : `${basename(this.path)}:${line}: ${sentence}`;
          });
    return this.#problems;
  }

  /** What {@link withLines} gave last: the devices of the text that the hub follows which could not be made. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Calls `onChange` after each change of the file, also by {@link edit}: {@link news} then says what is new. */
  watch(options: {
    readonly onChange: () => void;
    /** A sentence about what keeps it from watching; it goes on all the same. */
    readonly onProblem: (message: string) => void;
    readonly signal: AbortSignal;
  }): void {
    watchFile(this.path, { ...options, clock: this.#options.clock });
  }

  async #text(): Promise<string | undefined> {
    const text = await readIfThere(this.path);
    if (text === undefined && this.#known !== undefined) {
      throw badConfig([`${this.path} is gone: put it back, or start the hub again to run without it`]);
    }
    if (text !== undefined) this.#refuseDamaged(text);
    return text;
  }

  #takeUp(text: string): T {
    this.#refuseDamaged(text);
    const { value } = this.#parse(text);
    this.#known = text;
    return value;
  }

  #parse(text: string): ParsedConfig<T> {
    return parseConfig(text, { name: basename(this.path), schema: this.#options.schema });
  }

  /** An editor that empties before it writes, a full disk and a power cut leave an empty or a shorter file. */
  #refuseDamaged(text: string): void {
    const name = basename(this.path);
    if (/^[\0\s]*$/.test(text)) {
      throw badConfig([`${name}:1: the file is empty; to run without devices write "devices: {}" into it`]);
    }
    if (text.includes("\0")) throw badConfig([`${name}:1: the file is damaged: there are zero bytes in it`]);
    const known = this.#known ?? "";
    if (text.length < known.length && known.startsWith(text) && !text.endsWith("\n")) {
      throw badConfig([`${name}:${text.split("\n").length}: the file ends in the middle of a line; was it cut off?`]);
    }
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw badConfig([`configuration not read: ${path}: ${messageOf(error)}`], error);
  }
}
