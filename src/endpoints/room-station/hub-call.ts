import { X509Certificate } from "node:crypto";

import { request as requestHttp } from "../../util/node-http.ts";
import { https } from "../../util/node-tls.ts";

/** One call of the hub. */
export interface HubCall {
  readonly method: "GET" | "POST";
  /** JSON. */
  readonly body?: string;
  /** Shown as `Authorization: Bearer`. */
  readonly token?: string;
  /** Certificates by which the hub is known, beside the system's; `any` takes whatever it shows. */
  readonly trust?: { readonly ca: string } | "any" | undefined;
  readonly signal: AbortSignal;
}

/** What it answered. */
export interface HubAnswer {
  readonly status: number;
  readonly text: string;
}

const answerMs = 10_000;
const maxAnswerBytes = 64 * 1024;

/** Calls the hub by http or https. Throws the network's error. */
export async function callHub(url: URL, { method, body, token, trust, signal }: HubCall): Promise<HubAnswer> {
  const answered = Promise.withResolvers<HubAnswer>();
  const ca = typeof trust === "object" ? { ca: trust.ca } : {};
  const options = {
    method,
    signal,
    timeout: answerMs,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    },
  };
  const request =
    url.protocol === "https:"
      ? https().request(url, { ...options, ...ca, rejectUnauthorized: trust !== "any" })
      : requestHttp(url, options);
  request.on("timeout", () => request.destroy(new Error("it does not answer")));
  request.on("error", answered.reject);
  request.on("response", (response) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    response.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > maxAnswerBytes) request.destroy(new Error("its answer is too long"));
      else parts.push(part);
    });
    response.on("error", answered.reject);
    response.on("end", () => {
      answered.resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString("utf8") });
    });
  });
  request.end(body);
  return await answered.promise;
}

/** The certificate authority that the hub made for itself, as it gives it to anybody: to be kept from the first call on. */
export async function certificateAuthorityOf(
  hub: string,
  signal: AbortSignal,
): Promise<{ readonly ca: string; readonly fingerprint: string }> {
  const { text } = await callHub(new URL("/ca.crt", hub), { method: "GET", trust: "any", signal });
  const { fingerprint256 } = new X509Certificate(text);
  return { ca: text, fingerprint: fingerprint256 };
}
