import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { assertPublicOrLan, checkedLookup } from "../../util/address.ts";
import { FatalError, messageOf, RecoverableError } from "../../util/errors.ts";
import { request as httpRequest } from "../../util/node-http.ts";
import { https } from "../../util/node-tls.ts";

const maxRedirects = 3;
const maxBytes = 512 * 1024 * 1024;

/**
 * The bytes behind an http(s) URL. Unless `trusted`, every address on the way, redirects included, is checked
 * (`util/address`). Throws FatalError `bad-url`, `refused-address` or `no-such-file`, RecoverableError `unreachable`.
 */
export async function* openUrl(
  source: { readonly url: string; readonly trusted?: boolean },
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<Uint8Array, void, void> {
  let url = parse(source.url);
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const response = await get(url, { trusted: source.trusted === true, signal: options.signal });
    const status = response.statusCode ?? 0;
    if (status >= 300 && status < 400 && response.headers.location) {
      response.destroy();
      url = parse(new URL(response.headers.location, url).href);
      continue;
    }
    if (status !== 200) {
      response.destroy();
      throw new FatalError(`there is no file at ${url.origin}: the server answered ${status}`, {
        code: "no-such-file",
      });
    }
    yield* bounded(response);
    return;
  }
  throw new FatalError(`there is no file at ${url.origin}: too many redirects`, { code: "no-such-file" });
}

function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new FatalError("not an address of a file: it must begin with http:// or https://", { code: "bad-url" });
  }
  return url;
}

async function get(
  url: URL,
  options: { readonly trusted: boolean; readonly signal?: AbortSignal },
): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!options.trusted && isIP(host)) assertPublicOrLan(host);
  const send = url.protocol === "https:" ? https().request : httpRequest;
  const request = send(url, {
    signal: options.signal,
    timeout: 10_000,
    agent: false,
    headers: { "user-agent": "Doorward" },
    ...(options.trusted ? {} : { lookup: checkedLookup }),
  });
  request.on("timeout", () => request.destroy(new Error("no answer within 10 s")));
  request.end();
  try {
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return response;
  } catch (error) {
    if (error instanceof FatalError || options.signal?.aborted) throw error;
    throw new RecoverableError(`${url.origin} cannot be reached: ${messageOf(error)}`, {
      code: "unreachable",
      cause: error,
    });
  }
}

async function* bounded(response: IncomingMessage): AsyncGenerator<Uint8Array, void, void> {
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new FatalError("this file is too large", { code: "too-large" });
    yield chunk;
  }
}
