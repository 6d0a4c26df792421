import type { SQLInputValue } from "node:sqlite";
import { type ErrorFields, FatalError } from "../util/errors.ts";

/** Why a change is refused: becomes a FatalError with this code and sentence. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** The values in the sentence. */
  readonly fields?: ErrorFields;
}

/**
 * One SQL statement as data, because it is run in another thread. With `refuse` it is a question: when it gives a row,
 * the whole change is undone and refused.
 */
export interface Statement {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
  readonly refuse?: Refusal;
}

/** Statements that are kept together or not at all. */
export type Change = readonly Statement[];

/** A statement that changes something. */
export function statement(sql: string, ...values: SQLInputValue[]): Statement {
  return { sql, values };
}

/** A question that refuses the whole change when it gives a row. */
export function refuseIf(refuse: Refusal, sql: string, ...values: SQLInputValue[]): Statement {
  return { sql, values, refuse };
}

/** What became of one change of a batch that was kept. */
export type Outcome =
  | { readonly kind: "kept" /** Rows changed, by statement. */; readonly rows: readonly number[] }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** The statement itself is wrong: SQLite's sentence. */
  | { readonly kind: "failed"; readonly message: string; readonly errcode: number };

/** The error that a refusal becomes. */
export function refusalError({ message, ...rest }: Refusal): FatalError {
  return new FatalError(message, rest);
}

/** The error of a change that was not kept. */
export function errorOf(outcome: Exclude<Outcome, { readonly kind: "kept" }>): Error {
  if (outcome.kind === "refused") return refusalError(outcome.refusal);
  return new Error(`statement failed: ${outcome.message}`);
}
