import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { checkedLookup } from "../util/address.ts";
import { FatalError, messageOf, RecoverableError } from "../util/errors.ts";
import { request as httpRequest } from "../util/node-http.ts";
import { https } from "../util/node-tls.ts";
import type { OpenableLock } from "./lock-settings.ts";

/** Options of {@link callRelay}. */
export interface RelayOptions {
  readonly lock: OpenableLock & { readonly by: "http" };
  /** Hosts that may be called, as the configuration names them. */
  readonly hosts: readonly string[];
  /** What is filled into the body. */
  readonly values: Readonly<Record<"device" | "nonce" | "seconds", string>>;
  /** Opens what was sealed. */
  readonly unseal: (text: string) => string;
  readonly signal: AbortSignal;
}

/**
 * Calls a relay once; whatever it answers with 2xx says that it has switched. Follows no redirection and reads nothing of
 * the answer but its status. Throws FatalError `relay-host` for a host that is not allowed, RecoverableError otherwise.
 */
export async function callRelay(options: RelayOptions): Promise<void> {
  const { lock, hosts, signal } = options;
  const url = new URL(lock.url);
  if (!hosts.some((host) => host.toLowerCase() === url.host)) {
    throw new FatalError(
      `the relay ${url.host} is not called: locks.relayHosts in the configuration does not name it`,
      {
        code: "relay-host",
      },
    );
  }
  const status = await send(url, options).catch((error: unknown) => {
    if (signal.aborted) throw new RecoverableError(`the relay ${url.host} did not answer in time`, { code: "timeout" });
    throw new RecoverableError(`the relay ${url.host} was not reached: ${messageOf(error)}`, { code: "unreachable" });
  });
  if (status < 200 || status > 299) {
    throw new RecoverableError(`the relay ${url.host} answered with ${status}`, { code: "relay-refused" });
  }
}

async function send(url: URL, options: RelayOptions): Promise<number> {
  const { lock, signal } = options;
  const { request } = url.protocol === "https:" ? https() : { request: httpRequest };
  const body = lock.method === "GET" ? undefined : filled(lock.body ?? "", options.values);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const asked = request(
    url,
    {
      method: lock.method,
      agent: false,
      signal,
      headers: headersOf(options, body),
      // An address that the configuration names is meant; a name has to lead to a device of the house.
      ...(isIP(url.hostname.replace(/^\[|\]$/g, "")) === 0 &&
        url.hostname !== "localhost" && { lookup: checkedLookup }),
    },
    (answer: IncomingMessage) => {
      resolve(answer.statusCode ?? 0);
      answer.destroy();
    },
  );
  asked.on("error", reject);
  asked.end(body);
  return await promise;
}

function headersOf({ lock, unseal }: RelayOptions, body: string | undefined): Record<string, string> {
  const { username, password, token } = lock;
  const basic = Buffer.from(`${username ?? ""}:${password === undefined ? "" : unseal(password)}`).toString("base64");
  return {
    "user-agent": "doorward",
    connection: "close",
    ...(token !== undefined && { authorization: `Bearer ${unseal(token)}` }),
    ...(token === undefined && username !== undefined && { authorization: `Basic ${basic}` }),
    ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
    ...(body !== undefined && body !== "" && { "content-type": lock.contentType }),
  };
}

/** The template with its three words filled in: nothing else in it means anything. */
function filled(template: string, values: RelayOptions["values"]): string {
  return template.replace(/\{(device|nonce|seconds)\}/g, (_, name: keyof typeof values) =>
    JSON.stringify(values[name]).slice(1, -1),
  );
}
