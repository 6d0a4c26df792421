import { readFileSync } from "node:fs";
import { messageOf } from "../util/errors.ts";
import { UsageError } from "./command.ts";

/** What `--ca FILE` names. Throws UsageError. */
export function readCertificate(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`--ca ${path} cannot be read: ${messageOf(error)}`);
  }
}
