import { createWriteStream } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { FatalError } from "../../util/errors.ts";
import { damaged } from "./sealed.ts";

/**
 * Files one after the other: length of a head (4, big-endian) | head, JSON | the file's bytes. The first head says what made the backup, the
 * last one that nothing is missing.
 */
const headSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("backup"),
    doorward: z.string(),
    madeAtMs: z.number(),
    /** Version of the database's tables. */
    tables: z.int().min(0),
    /** The hub's key stood in the environment, and is not in it. */
    keyElsewhere: z.boolean(),
  }),
  z.object({ kind: z.literal("file"), path: z.string().min(1).max(1024), size: z.int().min(0), mode: z.int() }),
  z.object({ kind: z.literal("end"), files: z.int() }),
]);

/** What stands before a file, and at the ends. */
export type EntryHead = z.infer<typeof headSchema>;
/** What made a backup. */
export type BackupHead = Extract<EntryHead, { readonly kind: "backup" }>;

/** A file that goes into a backup. */
export interface BackedUp {
  /** Its place in the backup: `config/doorward.yaml`, `data/key`. */
  readonly path: string;
  /** Where it is now. */
  readonly file: string;
}

const maxHeadBytes = 8192;

/** The backup's bytes. Throws FatalError for a file that cannot be read, or that changes while it is. */
export async function* writeEntries(head: BackupHead, files: readonly BackedUp[]): AsyncGenerator<Uint8Array> {
  yield headBytes(head);
  for (const { path, file } of files) {
    await using handle = await open(file, "r").catch((cause: unknown) => {
      throw new FatalError(`cannot be read: ${file}`, { code: "backup", cause });
    });
    const { size, mode } = await handle.stat();
    yield headBytes({ kind: "file", path, size, mode: mode & 0o777 });
    yield* exactly(handle, { size, file });
  }
  yield headBytes({ kind: "end", files: files.length });
}

async function* exactly(handle: FileHandle, of: { readonly size: number; readonly file: string }) {
  let left = of.size;
  while (left > 0) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(left, 256 * 1024)));
    if (bytesRead === 0)
      throw new FatalError(`changed while it was read: ${of.file}: make the backup again`, { code: "backup" });
    left -= bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function headBytes(head: EntryHead): Uint8Array {
  const text = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text]);
}

/** Writes the backup's files below a folder and says what made it. Throws FatalError `damaged`; the caller removes what is there. */
export async function readEntries(bytes: AsyncIterable<Uint8Array>, folder: string): Promise<BackupHead> {
  const reader = new EntryReader(bytes);
  const first = await reader.head();
  if (first?.kind !== "backup") throw damaged();
  for (let files = 0; ; files++) {
    const head = await reader.head();
    if (head?.kind === "end" && head.files === files && (await reader.head()) === undefined) return first;
    if (head?.kind !== "file" || !isPlace(head.path)) throw damaged();
    const file = join(folder, head.path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeWhole(file, { mode: head.mode, pieces: reader.body(head.size) });
  }
}

/** Below the two folders of a backup, and nowhere else. */
function isPlace(path: string): boolean {
  const [top, ...parts] = path.split("/");
  const wrong = (part: string) => part === "" || part === "." || part === ".." || /[\\\0:]/.test(part);
  return (top === "config" || top === "data") && parts.length > 0 && !parts.some(wrong);
}

async function writeWhole(
  file: string,
  of: { readonly mode: number; readonly pieces: AsyncIterable<Uint8Array> },
): Promise<void> {
  const stream = createWriteStream(file, { flags: "wx", mode: of.mode & 0o700, flush: true });
  await process.getBuiltinModule("node:stream/promises").pipeline(of.pieces, stream);
}

class EntryReader {
  readonly #from: AsyncIterator<Uint8Array>;
  #rest = Buffer.alloc(0);

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#from = bytes[Symbol.asyncIterator]();
  }

  /** Undefined at the end. */
  async head(): Promise<EntryHead | undefined> {
    if (!(await this.#fill(4))) return undefined;
    const length = this.#take(4).readUInt32BE(0);
    if (length > maxHeadBytes || !(await this.#fill(length))) throw damaged();
    try {
      return headSchema.parse(JSON.parse(this.#take(length).toString("utf8")));
    } catch {
      throw damaged();
    }
  }

  async *body(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; ) {
      if (!(await this.#fill(1))) throw damaged();
      const piece = this.#take(Math.min(left, this.#rest.length));
      left -= piece.length;
      yield piece;
    }
  }

  /** Whether so many bytes are there now; throws where only some are left. */
  async #fill(length: number): Promise<boolean> {
    while (this.#rest.length < length) {
      const { done, value } = await this.#from.next();
      if (!done) this.#rest = Buffer.concat([this.#rest, value]);
      else if (this.#rest.length === 0) return false;
      else throw damaged();
    }
    return true;
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}
