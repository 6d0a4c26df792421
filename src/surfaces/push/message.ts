import { createCipheriv, createECDH, hkdfSync, randomBytes } from "node:crypto";

/** Where a browser takes messages: the keys that it made, as bytes. */
export interface SubscriberKeys {
  /** Its public key: an uncompressed point of P-256, 65 bytes. */
  readonly p256dh: Uint8Array;
  /** Its authentication secret, 16 bytes. */
  readonly auth: Uint8Array;
}

/** Most bytes of text in one message: push services take bodies of 4096 bytes (RFC 8030, 7.2). */
export const maxTextBytes = 3993;
const recordBytes = 4096;

/**
 * The body of one push message (RFC 8291, content coding aes128gcm of RFC 8188): only the browser can read it. Each has a
 * key pair and a salt of its own; `made` gives them in tests. Throws RangeError for a text that is too long, or keys that are none.
 */
export function encryptMessage(
  text: string,
  keys: SubscriberKeys,
  made: { readonly privateKey?: Uint8Array; readonly salt?: Uint8Array } = {},
): Buffer {
  const plain = Buffer.from(text, "utf8");
  if (plain.length > maxTextBytes)
    throw new RangeError(`push message has ${plain.length} bytes, at most ${maxTextBytes}`);
  if (keys.p256dh.length !== 65 || keys.auth.length !== 16) throw new RangeError("push keys have a wrong length");
  const own = createECDH("prime256v1");
  if (made.privateKey) own.setPrivateKey(made.privateKey);
  else own.generateKeys();
  const salt = made.salt ?? randomBytes(16);
  const publicKey = own.getPublicKey();
  const shared = own.computeSecret(keys.p256dh);
  const about = Buffer.concat([Buffer.from("WebPush: info\0"), keys.p256dh, publicKey]);
  const secret = derive(shared, { salt: keys.auth, about, bytes: 32 });
  const key = derive(secret, { salt, about: Buffer.from("Content-Encoding: aes128gcm\0"), bytes: 16 });
  const nonce = derive(secret, { salt, about: Buffer.from("Content-Encoding: nonce\0"), bytes: 12 });
  const cipher = createCipheriv("aes-128-gcm", key, nonce);
  // One record, the last: its padding is the delimiter 2 alone.
  const sealed = Buffer.concat([
    cipher.update(plain),
    cipher.update(Buffer.from([2])),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  const head = Buffer.alloc(21);
  head.set(salt, 0);
  head.writeUInt32BE(recordBytes, 16);
  head.writeUInt8(publicKey.length, 20);
  return Buffer.concat([head, publicKey, sealed]);
}

function derive(
  secret: Uint8Array,
  { salt, about, bytes }: { readonly salt: Uint8Array; readonly about: Uint8Array; readonly bytes: number },
): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, about, bytes));
}
