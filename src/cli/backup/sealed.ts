import { createCipheriv, createDecipheriv, createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { FatalError } from "../../util/errors.ts";

/**
 * A stream of bytes sealed with a passphrase (layout 1):
 *
 *     "doorward-backup\n" (16) | layout (1) | log2 N (1) | r (1) | p (1) | salt (16) | nonce (7) | check (32)
 *     chunk: length (4, big-endian) | last (1) | ciphertext | tag (16)      ... as often as needed
 *
 * scrypt (RFC 7914) makes two keys: one for the check, an HMAC-SHA256 over what stands before it, which tells a wrong passphrase
 * before anything is opened; one for the chunks, AES-256-GCM of at most 64 KiB each, whose nonce holds their number and whether
 * it is the last one, so that none can be left out, moved or cut off (STREAM, Hoang and others, 2015).
 */
const magic = Buffer.from("doorward-backup\n");
const layout = 1;

/** What scrypt costs. */
export interface SealCost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

/** 128 MiB, about half a second: once for a backup, for each passphrase that is guessed. */
const usualCost: SealCost = { logN: 17, r: 8, p: 1 };
const fixedBytes = magic.length + 4 + 16 + 7;
const checkBytes = 32;
const tagBytes = 16;
const chunkBytes = 64 * 1024;

/** Seals what comes. */
export async function* seal(
  bytes: AsyncIterable<Uint8Array>,
  passphrase: string,
  cost: SealCost = usualCost,
): AsyncGenerator<Uint8Array> {
  const head = Buffer.concat([magic, Buffer.of(layout, cost.logN, cost.r, cost.p), randomBytes(16 + 7)]);
  const keys = await keysOf(head, passphrase);
  yield Buffer.concat([head, keys.check(head)]);
  const nonce = head.subarray(-7);
  let [rest, count] = [Buffer.alloc(0), 0];
  for await (const piece of bytes) {
    rest = Buffer.concat([rest, piece]);
    for (; rest.length > chunkBytes; rest = rest.subarray(chunkBytes))
      yield sealChunk(rest.subarray(0, chunkBytes), { ...keys, nonce, count: count++, last: false });
  }
  yield sealChunk(rest, { ...keys, nonce, count, last: true });
}

/** What was sealed. Throws FatalError `no-backup`, `newer`, `wrong-passphrase`, `cut`, `damaged`. */
export async function* unseal(bytes: AsyncIterable<Uint8Array>, passphrase: string): AsyncGenerator<Uint8Array> {
  const source = new Pieces(bytes);
  const head = await source.take(fixedBytes, "head");
  if (!head.subarray(0, magic.length).equals(magic))
    throw new FatalError("this is no backup of Doorward's", { code: "no-backup" });
  if ((head[magic.length] ?? 0) > layout) throw newer();
  const check = await source.take(checkBytes, "head");
  const keys = await keysOf(head, passphrase);
  if (!timingSafeEqual(check, keys.check(head)))
    throw new FatalError("the passphrase is not the one of this backup", { code: "wrong-passphrase" });
  const nonce = head.subarray(-7);
  for (let count = 0; ; count++) {
    const start = await source.take(5, "chunk");
    const [length, last] = [start.readUInt32BE(0), start[4] === 1];
    if (length > chunkBytes) throw damaged();
    const chunk = await source.take(length + tagBytes, "chunk");
    yield openChunk(chunk, { ...keys, nonce, count, last });
    if (!last) continue;
    if (!(await source.isOver())) throw damaged();
    return;
  }
}

/** The error for a backup that a later version made. */
export function newer(): FatalError {
  return new FatalError("a newer Doorward made this backup: restore it with that version or a later one", {
    code: "newer",
  });
}

/** The error for bytes that are not what was written. */
export function damaged(): FatalError {
  return new FatalError("the backup is damaged: something in it was changed after it was made; use another copy", {
    code: "damaged",
  });
}

interface Keys {
  readonly key: Buffer;
  readonly check: (head: Uint8Array) => Buffer;
}

async function keysOf(head: Buffer, passphrase: string): Promise<Keys> {
  const [logN = 0, r = 0, p = 0] = head.subarray(magic.length + 1);
  // Bounded, for a file may be anybody's: at most 1 GiB.
  if (logN < 10 || logN > 20 || r < 1 || r > 8 || p < 1 || p > 4) throw damaged();
  const salt = head.subarray(magic.length + 4, magic.length + 20);
  const made = Promise.withResolvers<Buffer>();
  const options = { N: 2 ** logN, r, p, maxmem: 2 ** logN * r * 128 + 2 ** 25 };
  scrypt(passphrase.normalize("NFC"), salt, 64, options, (error, key) =>
    error ? made.reject(error) : made.resolve(key),
  );
  const both = await made.promise;
  return {
    key: both.subarray(0, 32),
    check: (bytes) => createHmac("sha256", both.subarray(32)).update(bytes).digest(),
  };
}

interface ChunkPlace extends Keys {
  readonly nonce: Buffer;
  readonly count: number;
  readonly last: boolean;
}

function nonceOf({ nonce, count, last }: ChunkPlace): Buffer {
  const place = Buffer.alloc(5);
  place.writeUInt32BE(count);
  place[4] = last ? 1 : 0;
  return Buffer.concat([nonce, place]);
}

function sealChunk(plain: Uint8Array, place: ChunkPlace): Buffer {
  const cipher = createCipheriv("aes-256-gcm", place.key, nonceOf(place));
  const start = Buffer.alloc(5);
  start.writeUInt32BE(plain.length);
  start[4] = place.last ? 1 : 0;
  return Buffer.concat([start, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function openChunk(chunk: Buffer, place: ChunkPlace): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", place.key, nonceOf(place), { authTagLength: tagBytes });
  decipher.setAuthTag(chunk.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(chunk.subarray(0, -tagBytes)), decipher.final()]);
  } catch {
    throw damaged();
  }
}

/** A stream that is taken by lengths. */
class Pieces {
  readonly #from: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#from = bytes[Symbol.asyncIterator]();
  }

  async take(length: number, what: "head" | "chunk"): Promise<Buffer> {
    while (this.#rest.length < length && (await this.#more()));
    if (this.#rest.length < length) {
      if (what === "head") throw new FatalError("this is no backup of Doorward's", { code: "no-backup" });
      throw new FatalError("the backup is cut off: its end is missing; copy it again, or use another one", {
        code: "cut",
      });
    }
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  async isOver(): Promise<boolean> {
    while (this.#rest.length === 0 && (await this.#more()));
    return this.#rest.length === 0;
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#from.next();
    if (!done) this.#rest = Buffer.concat([this.#rest, value]);
    return !done;
  }
}
