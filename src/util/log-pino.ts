import pino from "pino";
import { placeOf } from "./error-place.ts";
import { DoorwardError, isAbort } from "./errors.ts";
import type { Log } from "./log.ts";
import { redact } from "./redact.ts";

/** How much is said. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** Options of {@link createLog}. */
export interface LogOptions {
  readonly level?: LogLevel;
  /** `json` lines for machines, `text` for a person at a terminal. */
  readonly format?: "json" | "text";
  /** Where lines go; standard error by default. Each call has one or more whole lines. */
  readonly write?: (lines: string) => void;
}

/** The product's log (pino). Every line passes {@link redact} at the sink, whatever was put into it. */
export function createLog(options: LogOptions = {}): Log {
  const write = options.write ?? ((lines: string) => void process.stderr.write(lines));
  const render = options.format === "text" ? toText : (line: string) => line;
  return pino(
    {
      level: options.level ?? "info",
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: options.level === "debug" ? pino.stdSerializers.err : inShort },
      depthLimit: 6,
      edgeLimit: 64,
    },
    { write: (line: string) => write(redact(render(line))) },
  );
}

/** An error without its stack: a sentence and a code where it is ours, and else where it was made. */
function inShort(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name: type, message, cause } = error;
  const { code } = error as { readonly code?: unknown };
  const ours = error instanceof DoorwardError || isAbort(error);
  const place = ours ? undefined : placeOf(error);
  return {
    type,
    message,
    ...((typeof code === "string" || typeof code === "number") && { code }),
    ...(place !== undefined && { place }),
    ...(cause instanceof Error && { cause: inShort(cause) }),
  };
}

function toText(line: string): string {
  const { time, level, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 23);
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${show(value)}`);
  const trouble = err as { message?: unknown; code?: unknown } | undefined;
  if (trouble) rest.push(`error=${show(trouble.message ?? trouble)}`);
  return `${[clock, String(level).padEnd(5), String(msg), ...rest].join(" ")}\n`;
}

function show(value: unknown): string {
  return typeof value === "string" && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}
