import { createHmac } from "node:crypto";

/** Where a hub was asked: what it says of itself, and what whoever asked has to have connected to. */
export interface AskedAt {
  readonly scheme: "http" | "https";
  /** IP address, as it is written shortest. */
  readonly address: string;
  readonly port: number;
}

/** By which a token is named to a hub that has it and to nobody else; `key` is the SHA-256 of the token. */
export function tokenTag(key: Uint8Array): string {
  return createHmac("sha256", key).update("doorward token\n").digest("base64url");
}

/**
 * What only somebody can say who knows the token, about a random word of whoever asks, and about the place where it was asked: said on
 * by somebody else it names that place still. `key` is the SHA-256 of the token.
 */
export function tokenProof(key: Uint8Array, { nonce, at }: { readonly nonce: string; readonly at: AskedAt }): string {
  const said = `doorward proof\n${nonce}\n${at.scheme} ${at.address} ${at.port}`;
  return createHmac("sha256", key).update(said).digest("base64url");
}
