import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../util/clock.ts";
import { FatalError, RecoverableError } from "../../util/errors.ts";
import { networkReason } from "../../util/network-reason.ts";
import { isUntrusted } from "../../util/untrusted.ts";
import { callHub, certificateAuthorityOf } from "./hub-call.ts";

/** What the hub tells a station that it lets in. */
export interface Admission {
  /** Multicast group and port of sound. */
  readonly group: string;
  readonly port: number;
  /** URL of the hub's own broker; undefined where it has none, or none that can be reached from here. */
  readonly broker?: string | undefined;
}

/** Options of {@link enrol}. */
export interface EnrolOptions {
  /** The hub's address. */
  readonly hub: string;
  /** The station's id as a device: `intercom-9a0b1c2d`. */
  readonly deviceId: string;
  readonly room: string;
  readonly token: string;
  /** The hub's own certificate authority, as it was kept at the first call. */
  readonly ca?: string | undefined;
  /** Called once when an administrator has to act, and with each new reason for which the hub cannot be asked. */
  readonly onWaiting: (why: "approval" | { readonly unreachable: string }) => void;
  /** The hub is known by a certificate authority of its own: to be kept, and shown to people. */
  readonly onTrust: (authority: { readonly ca: string; readonly fingerprint: string }) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const askEveryMs = 3000;

const answerSchema = z.discriminatedUnion("state", [
  z.object({ state: z.literal("waiting") }),
  z.object({
    state: z.literal("in"),
    group: z.ipv4(),
    port: z.int().min(1).max(65_535),
    broker: z.string().optional(),
  }),
]);
const problemSchema = z.object({ detail: z.string() });

/** A station's token: 256 bits, made by itself, so that nobody has to carry it anywhere. */
export function newStationToken(): string {
  return `dwd_${randomBytes(32).toString("base64url")}`;
}

/**
 * Asks the hub to be let in, until it is. A hub that made its certificates by itself is trusted at the first call, and no
 * other one from then on. Throws FatalError with the hub's sentence when it is refused, and the signal's reason when that
 * aborts.
 */
export async function enrol(options: EnrolOptions): Promise<Admission> {
  const { clock, signal, onWaiting, onTrust, hub } = options;
  let { ca } = options;
  let told: string | undefined;
  const tell = (key: string, why: Parameters<typeof onWaiting>[0]) => {
    if (told !== key) onWaiting(why);
    told = key;
  };
  for (;;) {
    try {
      const answer = await ask(options, ca);
      if (answer.state === "in") return { ...answer, broker: reachableBroker(answer.broker, hub) };
      tell("approval", "approval");
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RecoverableError)) throw error;
      if (ca === undefined && isUntrusted(error.cause)) {
        const authority = await certificateAuthorityOf(hub, signal);
        ca = authority.ca;
        onTrust(authority);
        continue;
      }
      tell(error.message, { unreachable: error.message });
    }
    await clock.sleep(askEveryMs, signal);
  }
}

async function ask(options: EnrolOptions, ca: string | undefined): Promise<z.infer<typeof answerSchema>> {
  const { hub, deviceId, room, token, signal } = options;
  const url = new URL(`/api/v1/room-stations/${encodeURIComponent(deviceId)}`, hub);
  const body = JSON.stringify({ token, name: room });
  const trust = ca === undefined ? undefined : { ca };
  const { status, text } = await callHub(url, { method: "POST", body, trust, signal }).catch((cause: unknown) => {
    throw new RecoverableError(`the hub at ${url.host} does not answer: ${networkReason(cause)}`, { cause });
  });
  const json = jsonOf(text);
  const known = answerSchema.safeParse(json);
  if (status === 200 && known.success) return known.data;
  const detail = problemSchema.safeParse(json).data?.detail ?? `it answered ${status}`;
  if (status === 404) {
    throw new FatalError(`the hub at ${url.host} has no rooms: its configuration needs a section room:`);
  }
  if (status === 429 || status >= 500) throw new RecoverableError(`the hub at ${url.host}: ${detail}`);
  throw new FatalError(`the hub at ${url.host} does not let ${deviceId} in: ${detail}`, { code: "refused" });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A broker on all interfaces is where the hub is; one on loopback only where we are on the same machine. */
function reachableBroker(broker: string | undefined, hub: string): string | undefined {
  const url = broker === undefined ? null : URL.parse(broker);
  if (!url) return undefined;
  const { hostname } = new URL(hub);
  if (["0.0.0.0", "[::]"].includes(url.hostname)) url.hostname = hostname;
  return isLoopback(url.hostname) && !isLoopback(hostname) ? undefined : url.href;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
