import { DoorwardError } from "../../util/errors.ts";

/** The statuses with which a request is refused (RFC 2326, 7.1.1). */
export type RefusalStatus = 400 | 401 | 403 | 404 | 405 | 451 | 453 | 454 | 455 | 459 | 461 | 500 | 503 | 551;

/** Header fields by name; several values are several fields. */
export type RefusalHeaders = Readonly<Record<string, string | readonly string[]>>;

/** Why a request is not done; its sentence goes out as the reason phrase, which players show. */
export class RtspRefusal extends Error {
  readonly status: RefusalStatus;
  readonly headers: RefusalHeaders;

  constructor(status: RefusalStatus, reason: string, headers: RefusalHeaders = {}) {
    super(reason);
    this.status = status;
    this.headers = headers;
  }
}

const statuses: Readonly<Record<string, RefusalStatus>> = {
  "too-many-viewers": 453,
  "no-media": 503,
  forbidden: 403,
};

/** What a refused, or failed, request is answered with; undefined for what nobody foresaw. */
export function refusalOf(error: unknown): RtspRefusal | undefined {
  if (error instanceof RtspRefusal) return error;
  if (!(error instanceof DoorwardError)) return undefined;
  const seconds = error.fields["retryAfterSeconds"];
  return new RtspRefusal(statuses[error.code] ?? 503, error.message, {
    ...(seconds !== undefined && { "Retry-After": String(seconds) }),
  });
}

/** A sentence as a reason phrase: one line of ASCII. */
export function reasonPhrase(text: string): string {
  return text
    .replace(/[^\x20-\x7e]+/g, " ")
    .trim()
    .slice(0, 200);
}
