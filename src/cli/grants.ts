import { type Grant, grantSchema, rights } from "../identity/policy.ts";
import { UsageError } from "./command.ts";

/** Reads the value of `--grant`: `SCOPE=RIGHT,...`, or `RIGHT,...` for everywhere. Throws UsageError. */
export function parseGrant(text: string): Grant {
  const cut = text.lastIndexOf("=");
  const scope = cut < 0 ? "*" : text.slice(0, cut);
  const grant = grantSchema.safeParse({ scope, rights: text.slice(cut + 1).split(",") });
  if (!grant.success) throw new UsageError(`--grant ${text}: write SCOPE=RIGHT,... with rights ${rights.join(", ")}`);
  return grant.data;
}
