import type { IncomingMessage } from "node:http";
import { request as requestHttp } from "../../util/node-http.ts";
import { https } from "../../util/node-tls.ts";

/** Who calls a WHIP server, and as whom. */
export interface WhipCaller {
  readonly token: string | undefined;
  /** Certificate authorities (PEM) in place of the system's. */
  readonly ca?: string | undefined;
}

/** What it answered. */
export interface WhipAnswer {
  readonly status: number;
  readonly text: string;
  /** Where the session is, or where the server is instead. */
  readonly location: URL | undefined;
}

const answerMs = 20_000;
const maxAnswerBytes = 64 * 1024;
const redirects: readonly number[] = [307, 308];

/** POSTs an offer, following redirects within the same server (RFC 9725, 4.7). Throws the network's error. */
export async function postOffer(
  url: URL,
  how: WhipCaller & { readonly offerSdp: string; readonly signal: AbortSignal },
): Promise<WhipAnswer> {
  let at = url;
  for (let hop = 0; ; hop++) {
    const answer = await call(at, { ...how, method: "POST", body: how.offerSdp });
    const { location } = answer;
    if (!redirects.includes(answer.status) || !location || !isSameServer(at, location) || hop === 3) return answer;
    at = location;
  }
}

/** Ends a session that the server at `url` named; elsewhere it is not told the token. A server that is gone has ended it by itself. */
export async function deleteSession(location: URL, how: WhipCaller & { readonly url: URL }): Promise<void> {
  const { ca, url } = how;
  const token = isSameServer(url, location) ? how.token : undefined;
  const signal = AbortSignal.timeout(2000);
  await call(location, { token, ca, method: "DELETE", signal }).catch(() => {});
}

/** Whether who may know a secret at `from` may know it at `to`: the same origin, or the same host by HTTPS. */
export function isSameServer(from: URL, to: URL): boolean {
  return to.origin === from.origin || (to.protocol === "https:" && to.hostname === from.hostname);
}

async function call(
  url: URL,
  how: WhipCaller & { readonly method: "POST" | "DELETE"; readonly body?: string; readonly signal: AbortSignal },
): Promise<WhipAnswer> {
  const { token, ca, method, body, signal } = how;
  const answered = Promise.withResolvers<IncomingMessage>();
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { "content-type": "application/sdp", "content-length": Buffer.byteLength(body) }),
  };
  const options = { method, headers, signal, timeout: answerMs };
  const request =
    url.protocol === "https:" ? https().request(url, { ...options, ...(ca && { ca }) }) : requestHttp(url, options);
  request.on("timeout", () => request.destroy(new Error("it does not answer")));
  request.on("error", answered.reject);
  request.on("response", answered.resolve);
  request.end(body);
  const response = await answered.promise;
  let text = "";
  for await (const part of response as AsyncIterable<Buffer>) {
    text += part.toString("utf8");
    if (text.length > maxAnswerBytes) throw new Error("its answer is too long");
  }
  const told = response.headers.location;
  const location = told !== undefined && URL.canParse(told, url) ? new URL(told, url) : undefined;
  return { status: response.statusCode ?? 0, text, location };
}
