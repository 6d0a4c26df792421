import { UsageError } from "./command.ts";

/** A whole number of the command line; undefined where the flag is not there. Throws UsageError with what is possible. */
export function wholeNumber(
  text: string | undefined,
  limits: { readonly flag: string; readonly min: number; readonly max: number },
): number | undefined {
  const { flag, min, max } = limits;
  if (text === undefined) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${flag} ${text} is not possible: it is a whole number from ${min} to ${max}`);
}
