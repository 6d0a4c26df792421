import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { type HashRank, PasswordQueue } from "./password-queue.ts";

/** Schema of a password that somebody chooses: 8 to 256 characters. */
export const passwordSchema = z.string().min(8).max(256);

/** Cost of scrypt (RFC 7914). */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** About a quarter of a second and 32 MiB on the measured machine. */
export const defaultCost: ScryptCost = { N: 2 ** 15, r: 8, p: 3 };

const maxmem = 64 * 1024 * 1024;
const hashBytes = 32;

/** Options of {@link PasswordHasher}. */
export interface PasswordHasherOptions {
  readonly cost?: ScryptCost;
  /** How many are computed at once; 2, because hashing shares its threads with files and DNS. */
  readonly concurrency?: number;
  /** How many known people may wait, and how many strangers; 16. */
  readonly queue?: number;
}

/**
 * Hashes and checks passwords off the main thread, few at a time. A full queue throws RecoverableError `busy`, which
 * the HTTP surface answers with 429. A stored password reads `scrypt$N$r$p$salt$hash` (base64url).
 */
export class PasswordHasher {
  readonly #cost: ScryptCost;
  readonly #queue: PasswordQueue;

  constructor(options: PasswordHasherOptions = {}) {
    const { cost = defaultCost, concurrency = 2, queue = 16 } = options;
    this.#cost = cost;
    this.#queue = new PasswordQueue({ concurrency, queue });
  }

  /** The form in which a password is stored. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(16);
    const { N, r, p } = this.#cost;
    const key = await this.#derive(password, { salt, cost: this.#cost, rank: 0 });
    return `scrypt$${N}$${r}$${p}$${salt.toString("base64url")}$${key.toString("base64url")}`;
  }

  /**
   * True when `password` is the one that was stored. With `stored` undefined (no such person) it takes as long and
   * is false, so that nobody learns names from the time it takes. `rank` says who is served first.
   */
  async verify(password: string, stored: string | undefined, rank: HashRank = 0): Promise<boolean> {
    const parsed = parseStored(stored);
    const cost = parsed?.cost ?? this.#cost;
    const key = await this.#derive(password, { salt: parsed?.salt ?? randomBytes(16), cost, rank });
    return parsed !== undefined && timingSafeEqual(key, parsed.hash);
  }

  #derive(
    password: string,
    options: { readonly salt: Buffer; readonly cost: ScryptCost; readonly rank: HashRank },
  ): Promise<Buffer> {
    const { cost, rank, salt } = options;
    return this.#queue.run(rank, () => deriveKey(password.normalize("NFC"), salt, { ...cost, maxmem }));
  }
}

function deriveKey(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hashBytes, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

function parseStored(stored: string | undefined): { cost: ScryptCost; salt: Buffer; hash: Buffer } | undefined {
  const match = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]{22})\$([\w-]{43})$/.exec(stored ?? "");
  if (!match) return undefined;
  const [, N, r, p, salt = "", hash = ""] = match;
  return {
    cost: { N: Number(N), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, "base64url"),
    hash: Buffer.from(hash, "base64url"),
  };
}

export type { HashRank } from "./password-queue.ts";
