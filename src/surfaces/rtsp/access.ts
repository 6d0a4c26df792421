import { randomBytes } from "node:crypto";
import type { Hub } from "../../hub/hub.ts";
import { digestRealm, usualDigestName } from "../../identity/digest-keys.ts";
import type { Principal } from "../../identity/policy.ts";
import { type DigestAnswer, formatChallenge, isDigestRight, parseDigestAnswer } from "../../protocols/rtsp/auth.ts";
import type { RtspRequest } from "../../protocols/rtsp/message.ts";
import { Buckets } from "../buckets.ts";
import { nameOf, tokenOf } from "../credential.ts";
import { RtspRefusal } from "./refusal.ts";

/** One connection, as far as it matters who speaks there. */
export interface Caller {
  /** Where it comes from (`addressBlock`). */
  readonly block: string;
  /** Its own for Digest: an answer is of no use on another connection. */
  readonly nonce: string;
  /** A token may cross it as it is. */
  readonly private: boolean;
}

/** Options of {@link Access}. */
export interface AccessOptions {
  readonly hub: Pick<Hub, "identity" | "clock">;
  /** Whether a token may cross the network as it is. */
  readonly basic: boolean;
}

/** So long is a client that failed with Digest offered Basic alone. */
const basicOnlyUs = 60_000_000;
const maxBasicOnly = 1024;
const minuteMs = 60_000;

/** A nonce for a new connection. */
export function newNonce(): string {
  return randomBytes(16).toString("hex");
}

/**
 * Who may watch: people, by a token of theirs as password. With Basic the user name is free. Digest works with the names
 * for which the hub keeps a key: for a new token `x` and its person's; and each with which it was shown by Basic. Clients
 * take the strongest scheme that they are offered and try no other: one that fails with Digest is offered Basic alone next.
 */
export class Access {
  /** Wrong tokens by block. Beyond them wrong ones are put off, and right ones are heard: nobody guesses 256 bits. */
  readonly #wrong: Buckets;
  /** Checks by block, of which the right ones are given back: Digest asks for a hash or two for each token there is. */
  readonly #checks: Buckets;
  readonly #basicOnly = new Map<string, number>();
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
    const { clock } = options.hub;
    this.#wrong = new Buckets({ clock, size: { tries: 10, perMs: minuteMs } });
    this.#checks = new Buckets({ clock, size: { tries: 300, perMs: minuteMs } });
  }

  /** Who asks. Throws RtspRefusal 401 with what may be shown, or 503 for whoever was wrong too often. */
  check(request: RtspRequest, caller: Caller): Principal {
    const authorization = request.headers.get("Authorization");
    if (authorization === undefined) throw this.#unauthorized(caller, { reason: "A token is needed" });
    const digest = parseDigestAnswer(authorization);
    if (digest && digest.nonce !== caller.nonce) {
      throw this.#unauthorized(caller, { reason: "The nonce is another connection's", stale: true });
    }
    takeFrom(this.#checks, caller.block);
    const principal = digest
      ? this.#byDigest(digest, request.method)
      : this.#byToken(authorization, { mayShow: this.#mayShow(caller) });
    if (!principal) {
      if (digest) this.#offerBasic(caller.block);
      takeFrom(this.#wrong, caller.block);
      throw this.#unauthorized(caller, { reason: "This token is unknown, or has ended" });
    }
    this.#checks.giveBack(caller.block);
    return principal;
  }

  #byToken(authorization: string, { mayShow }: { readonly mayShow: boolean }): Principal | undefined {
    const { credentials, digests } = this.#options.hub.identity;
    const secret = mayShow ? tokenOf(authorization) : undefined;
    const principal = secret === undefined ? undefined : credentials.find(secret);
    if (secret === undefined || principal?.via !== "token") return undefined;
    const names = [usualDigestName, principal.name, nameOf(authorization) ?? usualDigestName];
    digests.learn({ id: principal.credentialId, secret, names });
    return principal;
  }

  #byDigest(answer: DigestAnswer, method: string): Principal | undefined {
    const { credentials, digests } = this.#options.hub.identity;
    const key = digests.of(answer.username).find((one) => isDigestRight(answer, { ...one, method }));
    if (!key) return undefined;
    const principal = credentials.findToken(key.tokenId);
    if (!principal) digests.forget(key.tokenId);
    return principal;
  }

  #mayShow(caller: Caller): boolean {
    return this.#options.basic || caller.private;
  }

  #offerBasic(block: string): void {
    if (this.#basicOnly.size >= maxBasicOnly) this.#basicOnly.clear();
    this.#basicOnly.set(block, this.#options.hub.clock.nowUs() + basicOnlyUs);
  }

  /** SHA-256 before MD5: of two that they know, clients take the first, or the last that they can do. */
  #unauthorized(caller: Caller, why: { readonly reason: string; readonly stale?: boolean }): RtspRefusal {
    const { reason, stale = false } = why;
    const basic = this.#mayShow(caller) ? [formatChallenge({ scheme: "basic", realm: digestRealm })] : [];
    const nowUs = this.#options.hub.clock.nowUs();
    const basicAlone = basic.length > 0 && (this.#basicOnly.get(caller.block) ?? 0) > nowUs;
    const about = { scheme: "digest", realm: digestRealm, nonce: caller.nonce, stale } as const;
    const digest = [
      formatChallenge({ ...about, algorithm: "SHA-256", qop: "auth" }),
      formatChallenge({ ...about, algorithm: "MD5", algorithmImplied: true }),
    ];
    return new RtspRefusal(401, reason, { "WWW-Authenticate": [...(basicAlone ? [] : digest), ...basic] });
  }
}

/** Throws RtspRefusal 503 when there is nothing left for a block. */
function takeFrom(buckets: Buckets, block: string): void {
  const seconds = buckets.waitSeconds(block);
  if (seconds > 0) {
    throw new RtspRefusal(503, "Too many wrong tokens; try again later", { "Retry-After": String(seconds) });
  }
  buckets.take(block);
}
