import { lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { putStatement, type Store } from "../identity/store.ts";
import type { Converter } from "../media/convert.ts";
import { soundSeconds } from "../media/sound-length.ts";
import type { RecordedSpeech } from "../media/speech.ts";
import type { Clock } from "../util/clock.ts";
import { FatalError, messageOf, RecoverableError } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import { Serial } from "../util/serial.ts";
import { writeFileDurably } from "../util/write-file.ts";

/** A file of the sounds folder. */
export interface SoundInfo {
  /** Its name in the folder. */
  readonly name: string;
  /** Absent of a file that is no sound. */
  readonly seconds?: number;
  readonly bytes: number;
  readonly changedMs: number;
}

/** Options of {@link Sounds}. */
export interface SoundsOptions {
  /** `sounds/` of the data folder; a hub without one keeps none. */
  readonly folder?: string | undefined;
  readonly converter: Pick<Converter, "decodeFile">;
  /** Keeps what was found out about them, so that they are not decoded again after a restart. */
  readonly store: Pick<Store, "get" | "note">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Largest sound that may be added, in bytes. */
export const maxSoundBytes = 16 * 2 ** 20;
/** Most files that are shown and kept. */
const maxSounds = 256;
/** What may be a file's name on every system, and read aloud. */
const namePattern = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ._-]{0,62}[\p{L}\p{M}\p{N}_-])?$/u;
const [kind, id] = ["sounds", "lengths"] as const;

const lengthsSchema = z.record(
  z.string(),
  z.object({ bytes: z.number(), changedMs: z.number(), seconds: z.number().optional() }),
);
type Lengths = z.infer<typeof lengthsSchema>;

/** The sounds folder: what people put there themselves, and what administrators add on the page. */
export class Sounds {
  readonly #options: SoundsOptions;
  readonly #changes: Listeners<void>;
  readonly #work = new Serial();
  /** What is known of the files, by name; the last list in its order. */
  #known: readonly SoundInfo[];

  constructor(options: SoundsOptions) {
    this.#options = options;
    this.#changes = new Listeners((error) => options.log.error({ err: error }, "listener of sounds failed"));
    const kept = lengthsSchema.safeParse(options.store.get(kind, id)).data ?? {};
    this.#known = options.folder === undefined ? [] : Object.entries(kept).map(([name, rest]) => ({ name, ...rest }));
  }

  /** What was there when the folder was looked at last, without looking again. */
  get known(): readonly SoundInfo[] {
    return this.#known;
  }

  /** Calls `listener` when other files are known than before. */
  onChange(listener: () => void): Disposable {
    return this.#changes.add(listener);
  }

  /** The files that are there now, by name; what is new among them is listened to first, to know how long it lasts. */
  list(): Promise<readonly SoundInfo[]> {
    return this.#work.run(() => this.#look());
  }

  /** The sound of a file, for a turn. It is not looked at before it is played. */
  sound(name: string): RecordedSpeech {
    const source = { path: this.#path(name) };
    return {
      live: false,
      open: (output, how) => this.#options.converter.decodeFile(source, { output, ...how }),
    };
  }

  /**
   * Keeps a file. Throws FatalError `bad-name`, `exists`, `too-large`, `too-many-sounds`, `no-folder`, and `not-audio` with a
   * sentence for what cannot be decoded; RecoverableError `store` when it cannot be written.
   */
  add(written: string, bytes: Uint8Array): Promise<SoundInfo> {
    return this.#work.run(async () => {
      const name = checkedName(written);
      const folder = this.#folder();
      if (bytes.length > maxSoundBytes) {
        throw new FatalError(`it is larger than ${maxSoundBytes / 2 ** 20} MiB`, { code: "too-large" });
      }
      const there = await this.#look();
      refuseTaken(name, there);
      if (there.length >= maxSounds) {
        throw new FatalError(`there are ${maxSounds} sounds already: delete one first`, { code: "too-many-sounds" });
      }
      await this.#refuseHidden(name);
      await this.#measured({ bytes: once(bytes) });
      await kept(name, async () => {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFileDurably(this.#path(name), bytes);
      });
      return found(name, await this.#look());
    });
  }

  /** Gives a file another name. Throws FatalError `not-found`, `bad-name`, `exists`; RecoverableError `store`. */
  rename(from: string, written: string): Promise<SoundInfo> {
    return this.#work.run(async () => {
      const to = checkedName(written);
      const there = await this.#look();
      found(from, there);
      refuseTaken(
        to,
        there.filter(({ name }) => name !== from),
      );
      await this.#refuseHidden(to, from);
      await kept(to, () => rename(this.#path(from), this.#path(to)));
      return found(to, await this.#look());
    });
  }

  /** Deletes a file. Throws FatalError `not-found`; RecoverableError `store`. */
  remove(name: string): Promise<void> {
    return this.#work.run(async () => {
      found(name, await this.#look());
      await kept(name, () => rm(this.#path(name)));
      await this.#look();
    });
  }

  async #look(): Promise<readonly SoundInfo[]> {
    const { folder } = this.#options;
    if (folder === undefined) return [];
    const names = await readdir(folder).catch(() => []); // none was added yet
    const files = await Promise.all(names.filter((name) => !name.startsWith(".")).map((name) => fileAt(folder, name)));
    const shown = files.filter((file) => file !== undefined).sort((a, b) => a.name.localeCompare(b.name));
    const next: SoundInfo[] = [];
    for (const file of shown.slice(0, maxSounds)) next.push(await this.#withLength(file));
    const isNews = JSON.stringify(next) !== JSON.stringify(this.#known);
    this.#known = next;
    if (isNews) {
      const lengths: Lengths = Object.fromEntries(next.map(({ name, ...rest }) => [name, rest]));
      this.#options.store.note([putStatement(kind, id, lengths)], `${kind} ${id}`);
      this.#changes.emit();
    }
    return next;
  }

  async #withLength(file: Omit<SoundInfo, "seconds">): Promise<SoundInfo> {
    const known = this.#known.find(({ name }) => name === file.name);
    if (known && known.bytes === file.bytes && known.changedMs === file.changedMs) return known;
    try {
      return { ...file, seconds: await this.#measured({ path: this.#path(file.name) }) };
    } catch (error) {
      this.#options.log.warn({ err: error }, `${file.name} in the sounds folder is no sound: ${messageOf(error)}`);
      return file;
    }
  }

  /** Also what is not shown (a folder, a link, more files than are shown) is not written over; `self` may get other letters. */
  async #refuseHidden(name: string, self?: string): Promise<void> {
    const there = await identityAt(this.#path(name));
    if (there === undefined || (self !== undefined && there === (await identityAt(this.#path(self))))) return;
    throw new FatalError(`there is something called ${name} in the sounds folder already`, {
      code: "exists",
      fields: { name },
    });
  }

  #measured(source: Parameters<typeof soundSeconds>[0]): Promise<number> {
    return soundSeconds(source, this.#options);
  }

  #folder(): string {
    const { folder } = this.#options;
    if (folder === undefined) throw new FatalError("this hub keeps no sounds", { code: "no-folder" });
    return folder;
  }

  #path(name: string): string {
    return join(this.#folder(), name);
  }
}

/** A file of the folder; undefined for folders, links and the like. */
async function fileAt(folder: string, name: string): Promise<Omit<SoundInfo, "seconds"> | undefined> {
  const found = await lstat(join(folder, name)).catch(() => undefined); // gone meanwhile
  return found?.isFile() ? { name, bytes: found.size, changedMs: Math.round(found.mtimeMs) } : undefined;
}

/** The same for two names of one file; undefined where there is nothing. */
async function identityAt(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await lstat(path, { bigint: true });
    return `${dev}/${ino}`;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new RecoverableError(`the sounds folder cannot be looked at: ${messageOf(error)}`, {
      code: "store",
      cause: error,
    });
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const pieceBytes = 65_536;
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

async function kept(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new RecoverableError(`${name} cannot be changed in the sounds folder: ${messageOf(error)}`, {
      code: "store",
      cause: error,
    });
  }
}

function checkedName(written: string): string {
  const name = written.normalize("NFC").trim();
  if (namePattern.test(name)) return name;
  throw new FatalError(
    "a sound's name has 1 to 64 letters, digits, spaces, dots, dashes and underscores, a letter or digit first and no dot last",
    { code: "bad-name" },
  );
}

function found(name: string, sounds: readonly SoundInfo[]): SoundInfo {
  const sound = sounds.find((one) => one.name === name);
  if (sound) return sound;
  throw new FatalError(`there is no sound ${name}`, { code: "not-found", fields: { name } });
}

/** Also in other letters: some systems do not tell Gong.mp3 from gong.mp3. */
function refuseTaken(name: string, sounds: readonly SoundInfo[]): void {
  const same = sounds.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (same)
    throw new FatalError(`there is a sound ${same.name} already`, { code: "exists", fields: { name: same.name } });
}
