import { FatalError } from "../../util/errors.ts";
import { authorize, type Challenge, type Credentials, parseChallenges, strongestChallenge } from "./auth.ts";
import { passwordNeeded, wrongPassword } from "./failure.ts";
import type { RtspResponse } from "./message.ts";

/** What to do after a response: use it, or send the request once more with new credentials. */
export type AuthStep = "accept" | "again";

/**
 * The client's side of authentication, which outlives a connection: answers the strongest challenge, goes on with a new nonce when
 * the server changes it mid-session, and tells a wrong password from any other refusal. A password that was refused is
 * not sent a second time.
 */
export class RtspAuthenticator {
  #challenge: Challenge | undefined;
  #nonceCount = 0;
  /** The server has accepted these credentials on this connection. */
  #proven = false;
  /** The next challenge is the first on a new connection: its nonce may be one for this connection. */
  #fresh = true;
  readonly #credentials: Credentials | undefined;
  readonly #peer: string;

  /** `peer` names the camera in errors. */
  constructor(credentials: Credentials | undefined, peer: string) {
    this.#credentials = credentials;
    this.#peer = peer;
  }

  /** True when a challenge can be answered. */
  get prepared(): boolean {
    return this.#challenge !== undefined && this.#credentials !== undefined;
  }

  /** The requests that follow go out on a new connection: the challenge is kept, a new one is allowed. */
  reconnected(): void {
    this.#fresh = true;
  }

  /** Value of `Authorization` for the next request; undefined before the first challenge. */
  header(method: string, uri: string): string | undefined {
    if (!this.#challenge || !this.#credentials) return undefined;
    this.#nonceCount++;
    return authorize(this.#challenge, { ...this.#credentials, method, uri, nonceCount: this.#nonceCount });
  }

  /**
   * Judges the response to a request; `tries` counts how often this request was sent, from 1. Throws FatalError
   * `wrong-password` (401 again, or 400 to the first request with credentials, as Yoosee cameras answer),
   * `password-needed` or `unknown-authentication`.
   */
  judge(response: RtspResponse, request: { readonly authorized: boolean; readonly tries: number }): AuthStep {
    if (response.status === 401) return this.#challenged(response, request);
    if (!request.authorized) return "accept";
    if (response.status === 400 && !this.#proven) throw wrongPassword(this.#peer, response.status);
    if (response.status < 300) this.#proven = true;
    return "accept";
  }

  #challenged(response: RtspResponse, request: { readonly authorized: boolean; readonly tries: number }): AuthStep {
    const challenge = strongestChallenge(parseChallenges(response.headers.all("WWW-Authenticate")));
    if (!this.#credentials) {
      throw passwordNeeded(this.#peer);
    }
    if (!challenge) {
      throw new FatalError(`${this.#peer} asks for a way to log in that Doorward does not know`, {
        code: "unknown-authentication",
      });
    }
    const stale = challenge.scheme === "digest" && (challenge.stale || (this.#proven && this.#isNewNonce(challenge)));
    const newHere = this.#fresh && this.#isNewNonce(challenge);
    this.#fresh = false;
    if (request.authorized && ((!stale && !newHere) || request.tries > 2))
      throw wrongPassword(this.#peer, response.status);
    this.#challenge = challenge;
    this.#nonceCount = 0;
    return "again";
  }

  #isNewNonce(challenge: Challenge): boolean {
    const before = this.#challenge;
    return challenge.scheme === "digest" && before?.scheme === "digest" && challenge.nonce !== before.nonce;
  }
}
