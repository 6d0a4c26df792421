import { randomBytes } from "node:crypto";
import { type Challenge, formatChallenge, verifyAuthorization } from "../../protocols/rtsp/auth.ts";
import type { RtspRequest } from "../../protocols/rtsp/message.ts";
import type { RtspAnswer } from "../../protocols/rtsp/server.ts";

/** How a fake camera asks for its password. */
export interface FakeGuardOptions {
  readonly username: string;
  readonly password: string;
  readonly scheme: "basic" | "digest-md5" | "digest-md5-qop" | "digest-sha256";
  /** What a wrong password is answered with: 401 as the standard says, or 400 as Yoosee cameras do. */
  readonly wrongStatus: 401 | 400;
}

/** The log-in of a fake camera: every request but OPTIONS needs it. */
export class FakeGuard {
  /** Requests that came with a wrong password. */
  wrong = 0;
  #nonce = randomBytes(12).toString("hex");
  readonly #options: FakeGuardOptions;

  constructor(options: FakeGuardOptions) {
    this.#options = options;
  }

  /** From now on only answers to a new nonce count. */
  changeNonce(): void {
    this.#nonce = randomBytes(12).toString("hex");
  }

  /** The refusal, or undefined for whoever may pass. */
  check(request: RtspRequest): RtspAnswer | undefined {
    if (request.method === "OPTIONS") return undefined;
    const header = request.headers.get("Authorization");
    if (header === undefined) return this.#challenge();
    const verdict = verifyAuthorization(header, {
      ...this.#options,
      challenge: this.#current(),
      method: request.method,
    });
    if (verdict === "right") return undefined;
    if (verdict === "other-nonce") return this.#challenge();
    this.wrong++;
    return this.#options.wrongStatus === 400 ? { status: 400 } : this.#challenge();
  }

  #challenge(): RtspAnswer {
    return { status: 401, headers: { "WWW-Authenticate": formatChallenge(this.#current()) } };
  }

  #current(): Challenge {
    const realm = "fake camera";
    if (this.#options.scheme === "basic") return { scheme: "basic", realm };
    const digest = { scheme: "digest", realm, nonce: this.#nonce, stale: false } as const;
    if (this.#options.scheme === "digest-sha256") return { ...digest, algorithm: "SHA-256", qop: "auth" };
    const qop = this.#options.scheme === "digest-md5-qop" ? "auth" : undefined;
    return { ...digest, algorithm: "MD5", algorithmImplied: true, qop };
  }
}
