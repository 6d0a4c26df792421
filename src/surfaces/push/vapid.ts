import { createECDH, createPrivateKey, type KeyObject, sign } from "node:crypto";
import { z } from "zod";
import type { Identity } from "../../identity/identity.ts";

const kind = "push";
const id = "vapid";
const keptSchema = z.object({ sealed: z.string() });
const purpose = "push key";
/** Push services refuse tokens that live longer than a day (RFC 8292, 2). */
const lifeS = 12 * 3600;

/** The hub's key pair for push services (VAPID, RFC 8292): with it they know that messages come from one sender. */
export class VapidKey {
  /** What browsers subscribe with: an uncompressed point of P-256, base64url. */
  readonly publicKey: string;
  readonly #key: KeyObject;

  /** `secret`: the private key's 32 bytes. */
  constructor(secret: Buffer) {
    const pair = createECDH("prime256v1");
    pair.setPrivateKey(secret);
    const point = pair.getPublicKey();
    this.publicKey = point.toString("base64url");
    this.#key = createPrivateKey({
      format: "jwk",
      key: {
        kty: "EC",
        crv: "P-256",
        d: secret.toString("base64url"),
        x: point.subarray(1, 33).toString("base64url"),
        y: point.subarray(33).toString("base64url"),
      },
    });
  }

  /** The `Authorization` of a message for an endpoint. */
  authorization(endpoint: string, options: { readonly subject: string; readonly nowMs: number }): string {
    const { subject, nowMs } = options;
    const claims = { aud: new URL(endpoint).origin, exp: Math.floor(nowMs / 1000) + lifeS, sub: subject };
    const text = [{ typ: "JWT", alg: "ES256" }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const signature = sign("sha256", Buffer.from(text), { key: this.#key, dsaEncoding: "ieee-p1363" });
    return `vapid t=${text}.${signature.toString("base64url")}, k=${this.publicKey}`;
  }
}

/** The key of this hub, sealed in its database; made at the first start. */
export async function openVapidKey({ store, sealer }: Pick<Identity, "store" | "sealer">): Promise<VapidKey> {
  const kept = keptSchema.safeParse(store.get(kind, id));
  if (kept.success) return new VapidKey(Buffer.from(sealer.open(kept.data.sealed, { purpose }), "base64url"));
  const pair = createECDH("prime256v1");
  pair.generateKeys();
  // Short ones lack their leading zeros.
  const secret = Buffer.alloc(32);
  const made = pair.getPrivateKey();
  secret.set(made, 32 - made.length);
  await store.put(kind, id, { sealed: sealer.seal(secret.toString("base64url"), { purpose }) });
  return new VapidKey(secret);
}
