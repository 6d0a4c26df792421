import { checkedLookup } from "../../util/address.ts";
import { messageOf } from "../../util/errors.ts";
import { https } from "../../util/node-tls.ts";

/** One message on its way to a push service (RFC 8030). */
export interface PushRequest {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What the push service says of a message. */
export type PushOutcome =
  | { readonly state: "taken" }
  /** The browser takes no more messages: 404 or 410. */
  | { readonly state: "gone" }
  | { readonly state: "failed"; readonly why: string };

/** Brings a message to a push service. Never rejects. */
export type PushPost = (message: PushRequest) => Promise<PushOutcome>;

const patienceMs = 10_000;

/** Over the internet: to addresses that were looked at (no loopback, link-local or metadata address), by HTTPS alone. */
export const postPush: PushPost = ({ endpoint, headers, body }) =>
  new Promise((resolve) => {
    const failed = (error: unknown) => resolve({ state: "failed", why: messageOf(error) });
    const signal = AbortSignal.timeout(patienceMs);
    const sent = https().request(endpoint, { method: "POST", headers, lookup: checkedLookup, signal }, (answer) => {
      answer.resume();
      resolve(outcomeOf(answer.statusCode ?? 0));
    });
    sent.on("error", failed);
    sent.end(body);
  });

/** What a status of a push service means. */
export function outcomeOf(status: number): PushOutcome {
  if (status >= 200 && status < 300) return { state: "taken" };
  if (status === 404 || status === 410) return { state: "gone" };
  return { state: "failed", why: `the push service answered ${status}` };
}
