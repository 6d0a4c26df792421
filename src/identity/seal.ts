import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FatalError } from "../util/errors.ts";

/** Options of {@link openSealer}. */
export interface SealerOptions {
  /** Folder of the hub's data; the key is its file `key`, mode 0600, made when missing. */
  readonly dataDir: string;
  /** 64 hex digits, base64 of 32 bytes, or a passphrase of at least 32 characters: used instead of the file. */
  readonly key?: string | undefined;
}

/** Seals secrets at rest (camera passwords, TURN secret) with AES-256-GCM (NIST SP 800-38D). */
export class Sealer {
  readonly #key: Buffer;

  /** `key` has 32 bytes. */
  constructor(key: Buffer) {
    if (key.length !== 32) throw new RangeError(`seal: key has ${key.length} bytes instead of 32`);
    this.#key = key;
  }

  /** `sealed:1:<base64url of nonce, tag, ciphertext>`. `purpose` is bound to it: it opens only for the same one. */
  seal(secret: string, options: { readonly purpose: string }): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    cipher.setAAD(Buffer.from(options.purpose));
    const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
    return `sealed:1:${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString("base64url")}`;
  }

  /** What was sealed. Throws FatalError `seal` for another key, another purpose, or a changed text. */
  open(sealed: string, options: { readonly purpose: string }): string {
    try {
      if (!isSealed(sealed)) throw new TypeError("not a sealed secret");
      const bytes = Buffer.from(sealed.slice("sealed:1:".length), "base64url");
      const decipher = createDecipheriv("aes-256-gcm", this.#key, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAAD(Buffer.from(options.purpose));
      decipher.setAuthTag(bytes.subarray(12, 28));
      return decipher.update(bytes.subarray(28), undefined, "utf8") + decipher.final("utf8");
    } catch (cause) {
      throw new FatalError(`secret cannot be opened: ${options.purpose}`, { code: "seal", cause });
    }
  }
}

/** True for what {@link Sealer.seal} makes. */
export function isSealed(text: string): boolean {
  return text.startsWith("sealed:1:");
}

/** The hub's sealer, under the key of the environment or of the data folder. Throws FatalError `seal`. */
export function openSealer(options: SealerOptions): Sealer {
  if (options.key !== undefined) return new Sealer(parseKey(options.key));
  const path = join(options.dataDir, "key");
  try {
    writeFileSync(path, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw new FatalError(`key cannot be written: ${path}`, { code: "seal", cause: error });
    }
  }
  return new Sealer(parseKey(readFileSync(path, "utf8").trim()));
}

function parseKey(text: string): Buffer {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
  if (/^[\w+/-]{43}=?$/.test(text)) return Buffer.from(text, "base64");
  if (text.length >= 32) return createHash("sha256").update(text).digest();
  throw new FatalError("key is too short: 64 hex digits, base64 of 32 bytes, or 32 characters are needed", {
    code: "seal",
  });
}
