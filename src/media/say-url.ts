import { lookup } from "node:dns";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { isIP, type LookupFunction } from "node:net";
import { checkedLookup, isLoopbackAddress, isRefusedAddress } from "../util/address.ts";
import type { Clock } from "../util/clock.ts";
import { DoorwardError, FatalError, messageOf, RecoverableError } from "../util/errors.ts";
import { request as httpRequest } from "../util/node-http.ts";
import { https } from "../util/node-tls.ts";

/** Options of {@link fetchSound}. */
export interface FetchSoundOptions {
  /** Whether an administrator lists the host: asked of the address and of each that it leads on to. */
  readonly isListed: (url: URL) => boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Largest sound that is fetched; what is sent along with a request may be as large. */
export const maxFetchedBytes = 16 * 2 ** 20;
/** Time until all of it has to be there. */
const fetchMs = 20_000;
const maxRedirects = 3;
/** What sounds come as; `application/octet-stream`, or nothing, is what servers say that know no better. */
const soundTypes = /^(audio\/|video\/|application\/(ogg|octet-stream|mp4|x-ogg)$)/;

/**
 * A sound from an http(s) address of a listed host, whole. A name is resolved once, and the address that was checked is the one
 * that is connected to: one of the hub's own machine only for a host that is listed as such (`127.0.0.1`, `localhost`). Throws
 * FatalError `bad-url`, `host-not-listed`, `refused-address`, `no-such-file`, `not-audio` or `too-large`, RecoverableError
 * `unreachable` or `too-slow`, each with a sentence that shows no more of the address than its origin; and the signal's reason.
 */
export async function fetchSound(address: string, options: FetchSoundOptions): Promise<Buffer> {
  const late = new AbortController();
  using _limit = options.clock.timer(fetchMs, () => late.abort());
  const signal = AbortSignal.any([options.signal, late.signal]);
  let url = parse(address);
  try {
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const response = await open(url, { ...options, signal });
      const next = leadsTo(response, url);
      if (!next) return await whole(response, url);
      response.destroy();
      url = next;
    }
    throw new FatalError(`${url.origin} leads on more than ${maxRedirects} times`, { code: "no-such-file" });
  } catch (error) {
    options.signal.throwIfAborted();
    if (late.signal.aborted) {
      throw new RecoverableError(`${url.origin} did not give all of the sound within ${fetchMs / 1000} s`, {
        code: "too-slow",
        cause: error,
      });
    }
    throw error;
  }
}

function parse(text: string, base?: URL): URL {
  const url = URL.parse(text, base);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new FatalError("a sound's address begins with http:// or https://", { code: "bad-url" });
  }
  return url;
}

async function open(
  url: URL,
  { isListed, signal }: Pick<FetchSoundOptions, "isListed" | "signal">,
): Promise<IncomingMessage> {
  if (!isListed(url)) {
    throw new FatalError(`${url.origin} is not one of the addresses that sounds are fetched from`, {
      code: "host-not-listed",
      fields: { name: url.origin },
    });
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) && isRefusedAddress(host) && !isLoopbackAddress(host)) {
    throw new FatalError(`nothing is fetched from ${url.origin}`, { code: "refused-address" });
  }
  const request = url.protocol === "https:" ? https().request : httpRequest;
  const lookUp = host.replace(/\.$/, "") === "localhost" ? ownLookup : checkedLookup;
  const headers = { "user-agent": "Doorward", accept: "audio/*, video/*, */*;q=0.1" };
  const asked = request(url, { signal, agent: false, headers, lookup: lookUp });
  asked.end();
  try {
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    return response;
  } catch (error) {
    asked.on("error", () => {}); // was told
    if (error instanceof DoorwardError || signal.aborted) throw error;
    throw unreachable(url, error);
  }
}

function leadsTo({ statusCode = 0, headers }: IncomingMessage, url: URL): URL | undefined {
  return statusCode >= 300 && statusCode < 400 && headers.location !== undefined
    ? parse(headers.location, url)
    : undefined;
}

async function whole(response: IncomingMessage, url: URL): Promise<Buffer> {
  const { statusCode, headers } = response;
  response.on("error", () => {}); // is thrown by whoever reads it
  try {
    if (statusCode !== 200) throw refusal(`${url.origin} has no such sound: it answered ${statusCode}`, "no-such-file");
    const type = headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
    if (type !== undefined && !soundTypes.test(type)) {
      throw refusal(`what ${url.origin} gave is no sound, but ${type.slice(0, 64)}`, "not-audio");
    }
    const tooLarge = () =>
      refusal(`the sound at ${url.origin} is larger than ${maxFetchedBytes / 2 ** 20} MiB`, "too-large");
    if (Number(headers["content-length"] ?? 0) > maxFetchedBytes) throw tooLarge();
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxFetchedBytes) throw tooLarge();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    throw error instanceof DoorwardError ? error : unreachable(url, error);
  } finally {
    response.destroy();
  }
}

function refusal(sentence: string, code: string): FatalError {
  return new FatalError(sentence, { code });
}

function unreachable(url: URL, cause: unknown): RecoverableError {
  return new RecoverableError(`${url.origin} cannot be reached: ${messageOf(cause)}`, { code: "unreachable", cause });
}

/** Of `localhost`, which is this machine whatever a name server says. */
const ownLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    if (error) return callback(error, "", 4);
    const own = found.filter(({ address }) => isLoopbackAddress(address));
    const [first] = own;
    if (!first) return callback(new FatalError("localhost is not this machine", { code: "refused-address" }), "", 4);
    if (options.all) callback(null, own);
    else callback(null, first.address, first.family);
  });
};
