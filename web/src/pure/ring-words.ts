import type { Ring } from "../api.ts";
import { t } from "../language/t.ts";

/** Who rings, and where: "Anna rings at Kitchen", "Anna rings at Kitchen and 2 more". */
export function sayRing(
  { caller, deviceIds }: Pick<Ring, "caller" | "deviceIds">,
  nameOf: (id: string) => string,
): string {
  const [first, second, ...others] = deviceIds.map(nameOf);
  if (first === undefined) return t("{caller} rings", { caller });
  if (second === undefined) return t("{caller} rings at {first}", { caller, first });
  return others.length === 0
    ? t("{caller} rings at {first} and {second}", { caller, first, second })
    : t("{caller} rings at {first} and {count} more", { caller, first, count: others.length + 1 });
}
