import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FatalError } from "../util/errors.ts";

/** Options of {@link openSealer}. */
export interface SealerOptions {
  /** Folder of the hub's data; the key is its file `key`, mode 0600, made when missing. */
  readonly dataDir: string;
  /** 64 hex digits, base64 of 32 bytes, or a passphrase of at least 32 characters: used instead of the file. */
  readonly key?: string | undefined;
  /** True when secrets exist that were sealed with an earlier key: no key is made then. */
  readonly sealedBefore?: boolean;
  /** Called with the key's {@link Sealer.fingerprint} when it first sealed or opened something. */
  readonly onUse?: (fingerprint: string) => void;
}

/** Seals secrets at rest (camera passwords, TURN secret) with AES-256-GCM (NIST SP 800-38D). */
export class Sealer {
  readonly #key: Buffer;
  #onUse: ((fingerprint: string) => void) | undefined;

  /** `key` has 32 bytes. */
  constructor(key: Buffer, options: Pick<SealerOptions, "onUse"> = {}) {
    if (key.length !== 32) throw new RangeError(`seal: key has ${key.length} bytes instead of 32`);
    this.#key = key;
    this.#onUse = options.onUse;
  }

  /** Tells this key from others, and nothing about it. */
  get fingerprint(): string {
    return createHash("sha256").update("doorward key fingerprint").update(this.#key).digest("hex").slice(0, 32);
  }

  /** `sealed:1:<base64url of nonce, tag, ciphertext>`. `purpose` is bound to it: it opens only for the same one. */
  seal(secret: string, options: { readonly purpose: string }): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    cipher.setAAD(Buffer.from(options.purpose));
    const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
    this.#used();
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
      const secret = decipher.update(bytes.subarray(28), undefined, "utf8") + decipher.final("utf8");
      this.#used();
      return secret;
    } catch (cause) {
      throw new FatalError(`secret cannot be opened: ${options.purpose}`, { code: "seal", cause });
    }
  }

  #used(): void {
    const tell = this.#onUse;
    this.#onUse = undefined;
    tell?.(this.fingerprint);
  }
}

/** True for what {@link Sealer.seal} makes. */
export function isSealed(text: string): boolean {
  return text.startsWith("sealed:1:");
}

/**
 * The hub's sealer, under the key of the environment or of the data folder, where it is made at the first start. Throws
 * FatalError `seal` with what to do, also for a key that is gone although secrets are sealed with it.
 */
export function openSealer(options: SealerOptions): Sealer {
  if (options.key !== undefined) return new Sealer(parseKey(options.key), options);
  const path = keyPath(options.dataDir);
  if (options.sealedBefore && !existsSync(path)) {
    throw new FatalError(
      `the hub's key is gone: ${path}: passwords of devices are sealed with it. Put back a copy of it (or set DOORWARD_KEY); ` +
        'if there is none, run "doorward key new" and enter those passwords again',
      { code: "seal" },
    );
  }
  makeKey(path);
  return new Sealer(readKey(path), options);
}

/** The file of the key. */
export function keyPath(dataDir: string): string {
  return join(dataDir, "key");
}

/** What tells the key in this file from others; undefined where no key is in it. Changes nothing. */
export function fingerprintOfKeyFile(path: string): string | undefined {
  try {
    return new Sealer(parseKey(readFileSync(path, "utf8").trim())).fingerprint;
  } catch {
    return undefined;
  }
}

/** Makes a key unless there is one. Throws FatalError `seal`. */
function makeKey(path: string): void {
  try {
    writeFileSync(path, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx", flush: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw new FatalError(`key cannot be written: ${path}`, { code: "seal", cause: error });
  }
}

function readKey(path: string): Buffer {
  try {
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    return parseKey(readFileSync(path, "utf8").trim());
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FatalError(`key file cannot be used: ${path}: ${why}; put back a copy of it`, { code: "seal", cause });
  }
}

function parseKey(text: string): Buffer {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
  if (/^[\w+/-]{43}=?$/.test(text)) return Buffer.from(text, "base64");
  if (text.length >= 32) return createHash("sha256").update(text).digest();
  throw new FatalError("key is too short: 64 hex digits, base64 of 32 bytes, or 32 characters are needed", {
    code: "seal",
  });
}
