import { createHash } from "node:crypto";
import { z } from "zod";
import { DoorwardError } from "../util/errors.ts";
import type { Sealer } from "./seal.ts";
import type { Statement } from "./statement.ts";
import { dropStatement, putStatement, type Store } from "./store.ts";

/** Realm of every Digest challenge of the hub: keys are good for nothing else. */
export const digestRealm = "Doorward";
/** The user name of addresses that people copy, `rtsp://x:TOKEN@hub/yard`. */
export const usualDigestName = "x";

/** What checks a Digest answer (RFC 7616, 3.4.2: A1, hashed) of one token, in hex. */
export interface DigestKey {
  readonly tokenId: string;
  readonly md5: string;
  readonly sha256: string;
}

/** One token, as it is given out. */
export interface DigestToken {
  readonly id: string;
  readonly secret: string;
  /** User names with which it is to be shown. */
  readonly names: readonly string[];
}

const kind = "digest";
const purpose = "digest-key";
const maxNames = 8;
const pair = z.tuple([z.string(), z.string()]);
const stored = z.record(z.string(), pair);
type Stored = z.infer<typeof stored>;

/**
 * Keys with which Digest answers are checked. A token is kept as a hash, which Digest cannot do with; so what its user name,
 * the realm and the token come to is kept beside it, sealed: it opens RTSP at this hub, is no token, and leads back to none.
 */
export class DigestKeys {
  /** What was opened before, by its sealed text. */
  readonly #opened = new Map<string, Stored>();
  readonly #store: Store;
  readonly #sealer: Sealer;

  constructor(options: { readonly store: Store; readonly sealer: Sealer }) {
    this.#store = options.store;
    this.#sealer = options.sealer;
  }

  /** What keeps the keys of a new token. */
  keep({ id, secret, names }: DigestToken): Statement {
    return this.#statement(id, Object.fromEntries(names.slice(-maxNames).map((name) => [name, keysOf(name, secret)])));
  }

  /** A token was shown as it is, with these names: next time Digest will do. */
  learn({ id, secret, names }: DigestToken): void {
    const known = this.#of(id);
    const news = names.filter((name) => keysIn(known, name)?.[1] !== keysOf(name, secret)[1]);
    if (news.length === 0) return;
    const added = Object.fromEntries(news.map((name) => [name, keysOf(name, secret)]));
    const all = Object.entries({ ...known, ...added }).slice(-maxNames);
    this.#store.note([this.#statement(id, Object.fromEntries(all))], `digest:${id}`);
  }

  /** The keys of all tokens for a user name. */
  of(name: string): readonly DigestKey[] {
    const rows = this.#store.read("SELECT id, value FROM kept WHERE kind = ?", kind);
    return rows.flatMap((row) => {
      const [md5, sha256] = keysIn(this.#open(JSON.parse(String(row["value"]))), name) ?? [];
      return md5 !== undefined && sha256 !== undefined ? [{ tokenId: String(row["id"]), md5, sha256 }] : [];
    });
  }

  /** The token is no more. */
  forget(tokenId: string): void {
    this.#store.note([dropStatement(kind, tokenId)], `digest:${tokenId}`);
  }

  #of(id: string): Stored {
    return this.#open(this.#store.get(kind, id));
  }

  #statement(id: string, keys: Stored): Statement {
    return putStatement(kind, id, this.#sealer.seal(JSON.stringify(keys), { purpose }));
  }

  /** Keys that another hub's key sealed, or that were damaged, are none. */
  #open(sealed: unknown): Stored {
    if (typeof sealed !== "string") return {};
    const known = this.#opened.get(sealed);
    if (known) return known;
    const opened = this.#read(sealed);
    if (this.#opened.size > 4096) this.#opened.clear();
    this.#opened.set(sealed, opened);
    return opened;
  }

  #read(sealed: string): Stored {
    try {
      return stored.safeParse(JSON.parse(this.#sealer.open(sealed, { purpose }))).data ?? {};
    } catch (error) {
      if (error instanceof DoorwardError || error instanceof SyntaxError) return {};
      throw error;
    }
  }
}

/** A name comes from anybody: `constructor` is none of what every object has. */
function keysIn(all: Stored, name: string): Stored[string] | undefined {
  return Object.hasOwn(all, name) ? all[name] : undefined;
}

function keysOf(name: string, secret: string): [md5: string, sha256: string] {
  const hash = (algorithm: string) =>
    createHash(algorithm).update(`${name}:${digestRealm}:${secret}`, "utf8").digest("hex");
  return [hash("md5"), hash("sha256")];
}
