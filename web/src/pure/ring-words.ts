import type { Ring } from "../api.ts";

/** Who rings, and where: "Anna rings at Kitchen", "Anna rings at Kitchen and 2 more". */
export function sayRing(
  { caller, deviceIds }: Pick<Ring, "caller" | "deviceIds">,
  nameOf: (id: string) => string,
): string {
  const [first, second, ...others] = deviceIds.map(nameOf);
  if (first === undefined) return `${caller} rings`;
  const more = second === undefined ? "" : others.length === 0 ? ` and ${second}` : ` and ${others.length + 1} more`;
  return `${caller} rings at ${first}${more}`;
}
