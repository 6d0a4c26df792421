import { randomBytes } from "node:crypto";
import { putStatement, type Store } from "./store.ts";

const place = ["installation", "id"] as const;

/**
 * What tells this installation of the hub from every other one: 16 hex digits of chance, made once and kept in the
 * database. It is a name and no secret.
 */
export function installationId(store: Pick<Store, "get" | "note">): string {
  const kept = store.get(...place);
  if (typeof kept === "string" && /^[0-9a-f]{16}$/.test(kept)) return kept;
  const made = randomBytes(8).toString("hex");
  store.note([putStatement(...place, made)], "installation");
  return made;
}
