import type { ClientRequest, IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import {
  authorize,
  type Challenge,
  type Credentials,
  parseChallenges,
  strongestChallenge,
} from "../../protocols/rtsp/auth.ts";
import { checkCertificate } from "../../protocols/rtsp/connection.ts";
import type { Clock } from "../../util/clock.ts";
import { DoorwardError, FatalError, RecoverableError } from "../../util/errors.ts";
import { networkReason } from "../../util/network-reason.ts";
import { request as httpRequest } from "../../util/node-http.ts";
import { https } from "../../util/node-tls.ts";

const answerMs = 8000;

/** Options of {@link MjpegClient}. */
export interface MjpegClientOptions {
  readonly url: URL;
  readonly credentials: Credentials | undefined;
  readonly tlsFingerprint: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** An answer whose body holds one picture, or pictures without end. */
export interface PictureBody extends Disposable {
  readonly endless: boolean;
  /** Throws RecoverableError `silent` after 8 s without a byte, `closed` or `lost`. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Asks a camera for its pictures by HTTP, with Digest or Basic where it wants that. */
export class MjpegClient {
  #challenge: Challenge | undefined;
  #count = 0;
  readonly #options: MjpegClientOptions;

  constructor(options: MjpegClientOptions) {
    this.#options = options;
  }

  /**
   * One answer of the camera's. Throws RecoverableError `unreachable`, `silent` or `refused`, FatalError `wrong-password`,
   * `not-a-picture`, `tls-untrusted` or `tls-fingerprint`.
   */
  async get(): Promise<PictureBody> {
    let answer = await this.#ask();
    if (answer.statusCode === 401) {
      answer.destroy();
      const { credentials } = this.#options;
      this.#challenge = strongestChallenge(parseChallenges(answer.headersDistinct["www-authenticate"] ?? []));
      this.#count = 0;
      if (!this.#challenge || !credentials) throw this.#wrongPassword("asks for a user name and a password");
      answer = await this.#ask();
      if (answer.statusCode === 401) throw this.#wrongPassword("refused the user name or the password", answer);
    }
    const kind = answer.headers["content-type"] ?? "";
    if (answer.statusCode !== 200) {
      answer.destroy();
      throw new RecoverableError(`${this.#where} answered ${answer.statusCode}`, { code: "refused" });
    }
    if (!/^(multipart\/|image\/jpe?g)/i.test(kind)) {
      answer.destroy();
      const told = kind.slice(0, 60) || "something unnamed";
      throw new FatalError(`${this.#where} sends ${told}: this is no address of MJPEG or of a JPEG picture`, {
        code: "not-a-picture",
      });
    }
    return this.#body(answer, /^multipart/i.test(kind));
  }

  get #where(): string {
    return this.#options.url.host;
  }

  async #ask(): Promise<IncomingMessage> {
    const { url, signal, clock, tlsFingerprint } = this.#options;
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const authorization = this.#authorization();
    const headers = { accept: "*/*", connection: "close", ...(authorization !== undefined && { authorization }) };
    const options = { agent: false, signal, headers } as const;
    const asked = this.#request(options, resolve);
    using _limit = clock.timer(answerMs, () => asked.destroy(this.#silent()));
    asked.on("error", reject);
    if (url.protocol === "https:") watchCertificate(asked, { peer: this.#where, wanted: tlsFingerprint });
    asked.end();
    try {
      return await promise;
    } catch (cause) {
      throw this.#failure(cause);
    }
  }

  #request(
    options: {
      readonly agent: false;
      readonly signal: AbortSignal;
      readonly headers: Readonly<Record<string, string>>;
    },
    onAnswer: (answer: IncomingMessage) => void,
  ): ClientRequest {
    const { url } = this.#options;
    if (url.protocol !== "https:") return httpRequest(url, options, onAnswer);
    return https().request(url, { ...options, rejectUnauthorized: false }, onAnswer);
  }

  #authorization(): string | undefined {
    const { credentials, url } = this.#options;
    if (!this.#challenge || !credentials) return undefined;
    const uri = `${url.pathname}${url.search}`;
    return authorize(this.#challenge, { ...credentials, method: "GET", uri, nonceCount: ++this.#count });
  }

  #body(answer: IncomingMessage, endless: boolean): PictureBody {
    return {
      endless,
      chunks: this.#chunks(answer, endless),
      [Symbol.dispose]: () => {
        answer.destroy();
      },
    };
  }

  async *#chunks(answer: IncomingMessage, endless: boolean): AsyncGenerator<Uint8Array, void, void> {
    const { clock, signal } = this.#options;
    const watch = () => clock.timer(answerMs, () => answer.destroy(this.#silent()));
    let silence = watch();
    try {
      for await (const chunk of answer as AsyncIterable<Uint8Array>) {
        silence[Symbol.dispose]();
        silence = watch();
        yield chunk;
      }
    } catch (cause) {
      if (!signal.aborted) throw this.#failure(cause);
    } finally {
      silence[Symbol.dispose]();
    }
    if (endless && !signal.aborted) throw new RecoverableError(`${this.#where} ended its pictures`, { code: "closed" });
  }

  #failure(cause: unknown): unknown {
    if (this.#options.signal.aborted || cause instanceof DoorwardError) return cause;
    return new RecoverableError(`connecting to ${this.#where} failed: ${networkReason(cause)}`, {
      code: "unreachable",
      cause,
    });
  }

  #silent(): RecoverableError {
    return new RecoverableError(`no picture from ${this.#where} for ${answerMs / 1000} s`, { code: "silent" });
  }

  #wrongPassword(what: string, answer?: IncomingMessage): FatalError {
    answer?.destroy();
    return new FatalError(`${this.#where} ${what}`, { code: "wrong-password" });
  }
}

function watchCertificate(
  asked: ClientRequest,
  expected: { readonly peer: string; readonly wanted?: string | undefined },
): void {
  const { peer, wanted } = expected;
  asked.on("socket", (socket) => {
    socket.once("secureConnect", () => {
      try {
        checkCertificate(socket as TLSSocket, { peer, ...(wanted !== undefined && { wanted }) });
      } catch (error) {
        asked.destroy(error as Error);
      }
    });
  });
}
