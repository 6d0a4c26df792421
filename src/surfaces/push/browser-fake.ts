import { createDecipheriv, createECDH, hkdfSync, randomBytes } from "node:crypto";
import type { SubscriberKeys } from "./message.ts";

/** The keys of a browser that takes messages, and what it does with one (RFC 8291, 3.4; RFC 8188, 2). */
export interface BrowserKeys extends SubscriberKeys {
  readonly p256dh: Buffer;
  readonly auth: Buffer;
  /** Throws when the message is not for it. */
  decrypt(body: Buffer): string;
}

/** Makes them, as a browser does when it subscribes. */
export function browserKeys(): BrowserKeys {
  const pair = createECDH("prime256v1");
  const p256dh = pair.generateKeys();
  const auth = randomBytes(16);
  const decrypt = (body: Buffer) => {
    const [salt, idLength] = [body.subarray(0, 16), body.readUInt8(20)];
    const sender = body.subarray(21, 21 + idLength);
    const sealed = body.subarray(21 + idLength);
    if (sealed.length > body.readUInt32BE(16)) throw new RangeError("more than one record");
    const hkdf = (secret: Uint8Array, its: Uint8Array, about: string | Buffer, length: number) =>
      Buffer.from(hkdfSync("sha256", secret, its, Buffer.from(about), length));
    const about = Buffer.concat([Buffer.from("WebPush: info\0"), p256dh, sender]);
    const secret = hkdf(pair.computeSecret(sender), auth, about, 32);
    const key = hkdf(secret, salt, "Content-Encoding: aes128gcm\0", 16);
    const nonce = hkdf(secret, salt, "Content-Encoding: nonce\0", 12);
    const cipher = createDecipheriv("aes-128-gcm", key, nonce);
    cipher.setAuthTag(sealed.subarray(-16));
    const padded = Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]);
    const end = padded.lastIndexOf(2);
    if (end < 0 || padded.subarray(end + 1).some((byte) => byte !== 0)) throw new RangeError("wrong padding");
    return padded.subarray(0, end).toString("utf8");
  };
  return { p256dh, auth, decrypt };
}
