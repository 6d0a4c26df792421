import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { chimeSeconds, chimeWav, type OwnChime, ownChimes } from "../media/chime-tones.ts";
import type { Converter } from "../media/convert.ts";
import type { RecordedSpeech } from "../media/speech.ts";
import { wavSeconds } from "../media/wav.ts";
import { FatalError, messageOf, RecoverableError } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import { Serial } from "../util/serial.ts";
import { writeFileDurably } from "../util/write-file.ts";
import type { Sounds } from "./sounds.ts";

/** A chime as lists show it. */
export interface ChimeInfo {
  readonly name: string;
  /** One of the hub's own: always there, and cannot be removed. */
  readonly builtIn: boolean;
  readonly seconds: number;
  /** The file of the sounds folder that it is; changed and deleted there. */
  readonly file?: string;
}

/** Options of {@link Chimes}. */
export interface ChimesOptions {
  /** The folder that holds them as WAV files; made when the first is added. Without one only the hub's own are there. */
  readonly folder?: string | undefined;
  readonly converter: Pick<Converter, "decodeFile">;
  /** The sounds folder: what of it is short enough is a chime as well. */
  readonly sounds?: Sounds | undefined;
  readonly log: Log;
}

/** Largest chime, in bytes of its WAV file. */
export const maxChimeBytes = 5 * 2 ** 20;
const maxSeconds = 60;
const maxChimes = 64;
/** What may be a file's name on every system, and read aloud. */
const namePattern = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} _-]{0,47}$/u;

/** The sounds that ring: the hub's own and those that people add. Names are compared without regard to case. */
export class Chimes {
  readonly #own: ReadonlyMap<string, ChimeInfo>;
  readonly #added = new Map<string, ChimeInfo>();
  readonly #changes: Listeners<void>;
  readonly #writes = new Serial();
  readonly #options: ChimesOptions;

  constructor(options: ChimesOptions) {
    this.#options = options;
    this.#changes = new Listeners((error) => options.log.error({ err: error }, "listener of chimes failed"));
    this.#own = new Map(ownChimes.map((name) => [name, { name, builtIn: true, seconds: chimeSeconds(name) }]));
    if (options.folder !== undefined) this.#load(options.folder);
    options.sounds?.onChange(() => this.#changes.emit());
  }

  /** All chimes: the hub's own, then those that were added, then those of the sounds folder, each by name. */
  list(): readonly ChimeInfo[] {
    const added = [...this.#added.values()].sort((a, b) => a.name.localeCompare(b.name));
    return [...this.#own.values(), ...added, ...this.#sounds()];
  }

  /** The one of this name. */
  get(name: string): ChimeInfo | undefined {
    const key = keyOf(name);
    return this.#own.get(key) ?? this.#added.get(key) ?? this.#sounds().find((sound) => keyOf(sound.name) === key);
  }

  /** Calls `listener` when one was added or removed. */
  onChange(listener: () => void): Disposable {
    return this.#changes.add(listener);
  }

  /** Its sound, for a turn; undefined when there is none of this name. */
  sound(name: string): RecordedSpeech | undefined {
    const chime = this.get(name);
    if (!chime) return undefined;
    if (chime.file !== undefined) return this.#options.sounds?.sound(chime.file);
    return {
      live: false,
      open: (output, options) =>
        this.#options.converter.decodeFile({ bytes: this.#bytes(chime) }, { output, ...options }),
    };
  }

  /**
   * Keeps a WAV file under a name, in place of one that was added under the same name before. Throws FatalError `bad-chime`
   * with a sentence for a file or a name that cannot be, `too-many-chimes`, and `no-folder` for a hub that keeps nothing.
   */
  add(name: string, wav: Uint8Array): Promise<ChimeInfo> {
    return this.#writes.run(async () => {
      const info = checked(name, wav);
      const key = keyOf(info.name);
      if (this.#own.has(key)) throw badChime(`${info.name} is one of the hub's own chimes: choose another name`);
      const before = this.#added.get(key);
      if (!before && this.#added.size >= maxChimes) {
        throw new FatalError(`there are ${maxChimes} chimes already: remove one first`, { code: "too-many-chimes" });
      }
      await this.#write(info.name, wav);
      if (before && before.name !== info.name) await rm(this.#path(before.name), { force: true });
      this.#added.set(key, info);
      this.#changes.emit();
      return info;
    });
  }

  /** Removes one that was added. Throws FatalError `not-found`, and `built-in` for one of the hub's own. */
  remove(name: string): Promise<void> {
    return this.#writes.run(async () => {
      const chime = this.get(name);
      if (!chime) throw new FatalError(`there is no chime ${name}`, { code: "not-found" });
      if (chime.builtIn) {
        throw new FatalError(`${chime.name} is one of the hub's own chimes and stays`, { code: "built-in" });
      }
      if (chime.file !== undefined) {
        throw new FatalError(`${chime.file} is a file of the sounds folder: delete it there`, { code: "in-sounds" });
      }
      await rm(this.#path(chime.name), { force: true });
      this.#added.delete(keyOf(chime.name));
      this.#changes.emit();
    });
  }

  /** Short files of the sounds folder, called as they are without the ending; one whose name is taken is none. */
  #sounds(): readonly ChimeInfo[] {
    const found = new Map<string, ChimeInfo>();
    for (const { name: file, seconds } of this.#options.sounds?.known ?? []) {
      const name = file.replace(/\.[^.]*$/, "");
      const key = keyOf(name);
      const isTaken = this.#own.has(key) || this.#added.has(key) || found.has(key);
      if (seconds === undefined || seconds > maxSeconds || isTaken) continue;
      found.set(key, { name, builtIn: false, seconds, file });
    }
    return [...found.values()];
  }

  async #write(name: string, wav: Uint8Array): Promise<void> {
    const { folder } = this.#options;
    if (folder === undefined) throw new FatalError("this hub keeps no chimes", { code: "no-folder" });
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      await writeFileDurably(this.#path(name), wav);
    } catch (error) {
      throw new RecoverableError(`the chime ${name} cannot be kept: ${messageOf(error)}`, {
        code: "store",
        cause: error,
      });
    }
  }

  #load(folder: string): void {
    for (const file of namesIn(folder)) {
      const name = file.slice(0, -".wav".length).normalize("NFC");
      try {
        if (this.#added.size >= maxChimes) throw badChime(`there are more than ${maxChimes}`);
        if (statSync(join(folder, file)).size > maxChimeBytes) throw tooLarge();
        const info = checked(name, readFileSync(join(folder, file)));
        if (!this.#own.has(keyOf(name))) this.#added.set(keyOf(name), info);
      } catch (error) {
        this.#options.log.warn({ err: error }, `the chime ${file} is left out: ${messageOf(error)}`);
      }
    }
  }

  #path(name: string): string {
    return join(this.#options.folder ?? "", `${name}.wav`);
  }

  async *#bytes({ name, builtIn }: ChimeInfo): AsyncIterable<Uint8Array> {
    const wav = builtIn ? chimeWav(keyOf(name) as OwnChime) : await readFile(this.#path(name));
    const pieceBytes = 65_536;
    for (let at = 0; at < wav.length; at += pieceBytes) yield wav.subarray(at, at + pieceBytes);
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith(".wav") && !file.startsWith("."))
      .sort();
  } catch {
    return []; // none was added yet
  }
}

function checked(name: string, wav: Uint8Array): ChimeInfo {
  const called = name.normalize("NFC").trim();
  if (!namePattern.test(called)) {
    throw badChime(
      "a chime's name has 1 to 48 letters, digits, spaces, dashes and underscores, a letter or digit first",
    );
  }
  if (wav.length > maxChimeBytes) throw tooLarge();
  const seconds = secondsOf(wav);
  if (seconds > maxSeconds) throw badChime(`it lasts ${Math.round(seconds)} s; a chime may last ${maxSeconds} s`);
  return { name: called, builtIn: false, seconds };
}

function secondsOf(wav: Uint8Array): number {
  try {
    return Math.round(wavSeconds(wav) * 100) / 100;
  } catch (error) {
    throw new FatalError(`${messageOf(error)}: a chime is a WAV file`, { code: "bad-chime", cause: error });
  }
}

function tooLarge(): FatalError {
  return new FatalError(`it is larger than ${maxChimeBytes / 2 ** 20} MiB`, { code: "too-large" });
}

function badChime(sentence: string): FatalError {
  return new FatalError(sentence, { code: "bad-chime" });
}

function keyOf(name: string): string {
  return name.normalize("NFC").trim().toLowerCase();
}
