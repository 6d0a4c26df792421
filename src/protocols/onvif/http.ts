import type { IncomingMessage } from "node:http";
import { messageOf, RecoverableError } from "../../util/errors.ts";
import { request as httpRequest } from "../../util/node-http.ts";
import { https } from "../../util/node-tls.ts";
import { authorize, type Challenge, type Credentials, parseChallenges, strongestChallenge } from "../rtsp/auth.ts";
import { refusedLogin } from "./soap.ts";

const maxAnswerBytes = 1 << 20;

/** One request. */
export interface SoapPost {
  readonly url: URL;
  readonly action: string;
  readonly envelope: string;
  readonly signal: AbortSignal;
}

/** Posts SOAP to one camera, by Digest or Basic of HTTP where it asks for that. */
export class SoapHttp {
  #challenge: Challenge | undefined;
  #count = 0;
  readonly #credentials: Credentials | undefined;

  constructor(credentials: Credentials | undefined) {
    this.#credentials = credentials;
  }

  /** The answer's text, also of a fault. Throws RecoverableError `unreachable`, FatalError `wrong-password`. */
  async post(post: SoapPost): Promise<string> {
    const first = await this.#send(post);
    if (first.status !== 401) return first.text;
    this.#challenge = strongestChallenge(parseChallenges(first.challenges));
    this.#count = 0;
    if (!this.#challenge || !this.#credentials) throw refusedLogin();
    const second = await this.#send(post);
    if (second.status === 401) throw refusedLogin();
    return second.text;
  }

  async #send({ url, action, envelope, signal }: SoapPost): Promise<Answer> {
    const { request } = url.protocol === "https:" ? https() : { request: httpRequest };
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const authorization = this.#authorization(url);
    const headers = {
      "content-type": `application/soap+xml; charset=utf-8; action="${action}"`,
      "content-length": String(Buffer.byteLength(envelope)),
      ...(authorization !== undefined && { authorization }),
      connection: "close",
    };
    const options = { method: "POST", agent: false, signal, headers } as const;
    const asked = request(url, options, (answer: IncomingMessage) => {
      read(answer).then(resolve, reject);
    });
    asked.on("error", reject);
    asked.end(envelope);
    try {
      return await promise;
    } catch (cause) {
      signal.throwIfAborted();
      throw new RecoverableError(`the camera's ONVIF service at ${url.host} was not reached: ${messageOf(cause)}`, {
        code: "unreachable",
        cause,
      });
    }
  }

  #authorization({ pathname, search }: URL): string | undefined {
    if (!this.#challenge || !this.#credentials) return undefined;
    const uri = `${pathname}${search}`;
    return authorize(this.#challenge, { ...this.#credentials, method: "POST", uri, nonceCount: ++this.#count });
  }
}

interface Answer {
  readonly status: number;
  readonly challenges: readonly string[];
  readonly text: string;
}

async function read(answer: IncomingMessage): Promise<Answer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > maxAnswerBytes) throw new RecoverableError("an answer of over 1 MiB", { code: "too-long" });
    pieces.push(piece);
  }
  const challenges = answer.headersDistinct["www-authenticate"] ?? [];
  return { status: answer.statusCode ?? 0, challenges, text: Buffer.concat(pieces).toString("utf8") };
}
