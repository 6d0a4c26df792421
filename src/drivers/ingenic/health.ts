import { connect } from "../../protocols/elementary/connect.ts";
import type { Clock } from "../../util/clock.ts";
import { RecoverableError, WireError } from "../../util/errors.ts";
import { type HealthValues, maxHealthBytes, parseHealth } from "./health-line.ts";

const answerMs = 5000;
const newline = 0x0a;

/** Options of {@link fetchHealth}. */
export interface FetchHealthOptions {
  readonly host: string;
  readonly port: number;
  readonly token?: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Asks the hook how it is; undefined when `signal` aborts. Throws RecoverableError (`unreachable`, `timeout`, `closed`),
 * FatalError `wrong-password`, or WireError for an answer of something else.
 */
export async function fetchHealth(options: FetchHealthOptions): Promise<HealthValues | undefined> {
  const { host, port, clock } = options;
  const limit = new AbortController();
  using _timer = clock.timer(answerMs, () => limit.abort());
  const signal = AbortSignal.any([options.signal, limit.signal]);
  await using connection = await connect({ ...options, media: "health", signal });
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of connection.chunks()) {
    const end = chunk.indexOf(newline);
    pieces.push(end < 0 ? chunk : chunk.subarray(0, end));
    size += pieces.at(-1)!.length;
    if (size > maxHealthBytes) throw new WireError(`not a line of health: more than ${maxHealthBytes} bytes`);
    if (end >= 0) return parseHealth(Buffer.concat(pieces));
  }
  if (options.signal.aborted) return undefined;
  throw new RecoverableError(`${host} port ${port} did not say how it is within ${answerMs / 1000} s`, {
    code: "timeout",
  });
}
