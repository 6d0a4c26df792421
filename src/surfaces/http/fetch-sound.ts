import { lookup } from "node:dns/promises";
import { get as httpGet, type IncomingMessage } from "node:http";
import { get as httpsGet } from "node:https";
import { BlockList, isIP } from "node:net";
import { FatalError, RecoverableError } from "../../util/errors.ts";

const refusedNets = new BlockList();
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["224.0.0.0", 3],
  ["100.100.100.200", 32],
] as const) {
  refusedNets.addSubnet(net, bits, "ipv4");
}
for (const [net, bits] of [
  ["::", 127],
  ["fe80::", 10],
  ["ff00::", 8],
  ["fd00:ec2::254", 128],
  ["64:ff9b::", 96],
  ["2002::", 16],
] as const) {
  refusedNets.addSubnet(net, bits, "ipv6");
}

/** Most bytes of one sound. */
const maxBytes = 64 * 1024 * 1024;
const idleMs = 10_000;

/** True for addresses that a person who is no administrator must not make the hub connect to (SECURITY.md, 11). */
export function isRefusedAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  return refusedNets.check(address, family === 4 ? "ipv4" : "ipv6");
}

/**
 * Bytes of a sound at an http(s) address. The name is resolved once and the checked address is connected to; loopback,
 * link-local, multicast and metadata addresses are refused; redirects are not followed; 64 MiB at most. Throws
 * FatalError `bad-address`, RecoverableError `fetch`.
 */
export async function* fetchSound(
  address: string,
  options: { readonly signal?: AbortSignal; readonly isRefused?: (address: string) => boolean } = {},
): AsyncGenerator<Uint8Array, void, void> {
  const url = new URL(address);
  const response = await request(url, {
    address: await resolveOnce(url, options.isRefused ?? isRefusedAddress),
    signal: options.signal,
  });
  if (response.statusCode !== 200) {
    response.destroy();
    throw new FatalError(`sound not fetched: ${url.host} answered ${response.statusCode}`, { code: "bad-address" });
  }
  let total = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > maxBytes)
      throw new FatalError(`sound not fetched: more than ${maxBytes} bytes`, { code: "bad-address" });
    yield chunk;
  }
}

async function resolveOnce(url: URL, isRefused: (address: string) => boolean): Promise<string> {
  const name = url.hostname.replace(/^\[(.*)\]$/, "$1");
  let address: string;
  try {
    address = isIP(name) ? name : (await lookup(name)).address;
  } catch (cause) {
    throw new RecoverableError(`sound not fetched: ${name} is not known`, { code: "fetch", cause });
  }
  if (!isRefused(address)) return address;
  throw new FatalError(`sound not fetched: ${name} is not an address the hub may use`, { code: "bad-address" });
}

function request(
  url: URL,
  how: { readonly address: string; readonly signal: AbortSignal | undefined },
): Promise<IncomingMessage> {
  const get = url.protocol === "https:" ? httpsGet : httpGet;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const family = isIP(how.address) as 4 | 6;
  const outgoing = get(
    url,
    {
      signal: how.signal,
      timeout: idleMs,
      agent: false,
      headers: { "user-agent": "Doorward" },
      lookup: (_name, options, done) => {
        // Node asks for all addresses or for one, by `options.all`.
        if (options.all) done(null, [{ address: how.address, family }]);
        else done(null, how.address, family);
      },
    },
    resolve,
  );
  outgoing.on("timeout", () => outgoing.destroy(new Error(`no bytes for ${idleMs} ms`)));
  outgoing.on("error", (cause) =>
    reject(new RecoverableError(`sound not fetched: ${url.host}: ${cause.message}`, { code: "fetch", cause })),
  );
  return promise;
}
