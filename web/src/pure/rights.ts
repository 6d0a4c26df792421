import type { Grant } from "../../../src/identity/policy.ts";
import { deviceRights, type Right, rights } from "../../../src/identity/rights.ts";
import { t } from "../language/t.ts";

export { deviceRights, type Grant, type Right, rights };

/** A right as a verb and as a sentence. */
export const rightWords: Readonly<Record<Right, { readonly short: string; readonly long: string }>> = {
  view: { short: t("see"), long: t("See the picture") },
  listen: { short: t("hear"), long: t("Hear the sound") },
  talk: { short: t("talk"), long: t("Talk through it") },
  page: { short: t("call rooms"), long: t("Speak to several rooms at once") },
  peek: { short: t("see callers"), long: t("See and hear who calls, before answering") },
  ptz: { short: t("turn"), long: t("Turn the camera") },
  unlock: { short: t("unlock"), long: t("Open the door") },
  administer: { short: t("set up"), long: t("Change its settings") },
  metrics: { short: t("numbers"), long: t("Read the hub's numbers") },
};

/** The columns of the grid: everywhere, each area, and each device that somebody has rights of its own for. */
export function scopes(
  areas: readonly string[],
  grants: readonly Grant[],
  deviceName: (id: string) => string | undefined,
): readonly { readonly scope: string; readonly label: string }[] {
  const found = new Map<string, string>([["*", t("Everywhere")]]);
  for (const area of [...areas].sort((a, b) => a.localeCompare(b))) found.set(`area:${area}`, area);
  for (const { scope } of grants) {
    if (found.has(scope)) continue;
    if (scope.startsWith("area:")) found.set(scope, scope.slice(5));
    if (scope.startsWith("device:")) found.set(scope, deviceName(scope.slice(7)) ?? scope.slice(7));
  }
  return [...found].map(([scope, label]) => ({ scope, label }));
}

/** Whether `right` is given at `scope`: on the spot ("own"), by "everywhere" ("inherited"), or not. */
export function given(grants: readonly Grant[], scope: string, right: Right): "own" | "inherited" | "no" {
  if (grants.some((grant) => grant.scope === scope && grant.rights.includes(right))) return "own";
  if (scope !== "*" && grants.some((grant) => grant.scope === "*" && grant.rights.includes(right))) return "inherited";
  return "no";
}

/** The grants after one cell was switched. Seeing comes with hearing, talking and turning; without seeing there is none of them. */
export function withRight(
  grants: readonly Grant[],
  cell: { readonly scope: string; readonly right: Right; readonly on: boolean },
): readonly Grant[] {
  const before = grants.find((grant) => grant.scope === cell.scope)?.rights ?? [];
  const next = new Set(before);
  if (cell.on) {
    next.add(cell.right);
    if (cell.right === "listen" || cell.right === "talk" || cell.right === "ptz") next.add("view");
  } else {
    next.delete(cell.right);
    if (cell.right === "view") for (const also of ["listen", "talk", "ptz"] as const) next.delete(also);
  }
  const others = grants.filter((grant) => grant.scope !== cell.scope);
  const ordered = rights.filter((right) => next.has(right));
  return ordered.length ? [...others, { scope: cell.scope, rights: ordered }] : others;
}

/** "see, hear, talk", or "everything". */
export function sayRights(of: readonly Right[]): string {
  if (deviceRights.every((right) => of.includes(right))) return t("everything");
  return rights
    .filter((right) => of.includes(right))
    .map((right) => rightWords[right].short)
    .join(", ");
}

/** Whether somebody with these grants has a right anywhere; administrators have every one. */
export function hasSomewhere(
  person: { readonly administrator: boolean; readonly grants: readonly Grant[] },
  right: Right,
): boolean {
  if (person.administrator) return true;
  if (person.grants.some((grant) => grant.rights.includes(right))) return true;
  return right === "metrics" && given(person.grants, "*", "administer") === "own";
}

/** What a token may do, as its owner reads it: "see, hear everywhere; talk in Garden". */
export function sayGrants(grants: readonly Grant[], deviceName: (id: string) => string | undefined): string {
  const where = (scope: string) => {
    if (scope === "*") return t("everywhere");
    if (scope.startsWith("area:")) return t("in {area}", { area: scope.slice(5) });
    return t("at {device}", { device: deviceName(scope.slice(7)) ?? scope.slice(7) });
  };
  const hubOnly = (grant: Grant) => grant.rights.every((right) => !deviceRights.includes(right));
  const said = grants
    .filter(({ rights: held }) => held.length > 0)
    .map((grant) =>
      hubOnly(grant) ? rightWords.metrics.long.toLowerCase() : `${sayRights(grant.rights)} ${where(grant.scope)}`,
    );
  return said.join("; ") || t("nothing");
}
