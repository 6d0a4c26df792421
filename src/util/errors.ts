/** What every error of ours carries besides its sentence: plain fields for the log and the API. */
export interface ErrorFields {
  readonly [field: string]: string | number | boolean | undefined;
}

interface ErrorOptionsWithFields extends ErrorOptions {
  readonly code?: string;
  readonly fields?: ErrorFields;
}

/**
 * Base of the two errors that cross a module's border. `message` reads `what failed: with what`,
 * and is fit to be shown to a person; `code` is stable and fit for a program.
 */
export class DoorwardError extends Error {
  readonly code: string;
  readonly fields: ErrorFields;
  constructor(message: string, options: ErrorOptionsWithFields = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code ?? "error";
    this.fields = options.fields ?? {};
  }
}

/** It may work if tried again: the supervisor retries with backoff. */
export class RecoverableError extends DoorwardError {}

/** A person must act first (wrong password, bad address): the supervisor retries seldom. */
export class FatalError extends DoorwardError {}

/** Bytes that do not follow their grammar. The only error that wire code throws. */
export class WireError extends DoorwardError {
  constructor(message: string, options: ErrorOptionsWithFields = {}) {
    super(message, { code: "wire", ...options });
  }
}

/** The sentence of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** True for the error that an aborted wait throws. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === "AbortError" || (error as { code?: string }).code === "ABORT_ERR");
}
