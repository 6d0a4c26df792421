import { z } from "zod";
import { deviceRights, type Right, rights } from "./rights.ts";

export { deviceRights, type Right, rights };

/** Schema of {@link Right}. */
export const rightSchema = z.enum(rights);

/** Where rights hold: `*`, `area:<name>` or `device:<id>`. */
export const scopeSchema = z
  .string()
  .regex(/^(\*|area:.{1,64}|device:[\w.-]{1,64})$/u, "*, area:<name> or device:<id>");

/** Rights in one place. */
export const grantSchema = z.object({ scope: scopeSchema, rights: z.array(rightSchema).max(rights.length) });

/** Rights in one place. */
export type Grant = z.infer<typeof grantSchema>;

/** Somebody for whom a program asks that shows a token of its own: who they are to it, and what they may do at most. */
export interface Behalf {
  /** The program's own id of them. */
  readonly id: string;
  readonly name: string;
  /** Nothing beyond this, and nothing that the token may not do; without it all that the token may do. */
  readonly grants?: readonly Grant[] | undefined;
}

/**
 * Who asks: a person, by one credential of theirs, or a device that is a station, by its token. Their rights are not in it:
 * the policy reads them afresh each time.
 */
export interface Principal {
  /** A person's id, or `device:<id>`. */
  readonly userId: string;
  readonly name: string;
  readonly via: "session" | "token" | "device";
  /** Of a device that asks for itself. */
  readonly deviceId?: string;
  /** Which session or token; ends with it. */
  readonly credentialId: string;
  /**
   * What a token is for: it may do no more than this, and nothing that its person may not. A session has no limits, but that of a
   * locked panel.
   */
  readonly limits?: readonly Grant[];
  /** The session of a wall tablet that is locked: what needs a session of one's own, it cannot do. */
  readonly panel?: true;
  /** For whom a program asks with its token; narrows what it may do, and never widens it. */
  readonly behalf?: Behalf;
}

/** What persons show for who they are. */
export type PersonalCredential = Exclude<Principal["via"], "device">;

/** What is asked about; a loaded device fits. */
export interface Subject {
  readonly id: string;
  readonly area?: string | undefined;
}

/** All that a person may do: everything, or what was granted. */
export interface HeldRights {
  readonly administrator: boolean;
  readonly grants: readonly Grant[];
}

/** Where the policy reads a person's present rights. */
export interface RightsSource {
  /** Undefined when the person or the credential is no more. */
  rightsOf(principal: Principal): HeldRights | undefined;
}

/** The one place where it is decided who may do what. Denies by default. */
export class Policy {
  readonly #source: RightsSource;

  constructor(source: RightsSource) {
    this.#source = source;
  }

  /** May `principal` do this to `subject`; without `subject`: everywhere in the hub. */
  allows(principal: Principal | undefined, right: Right, subject?: Subject): boolean {
    return this.rights(principal, subject).includes(right);
  }

  /** All that `principal` may do to `subject`, or everywhere. Administrators may do everything, tokens what they are for. */
  rights(principal: Principal | undefined, subject?: Subject): readonly Right[] {
    const held = principal && this.#source.rightsOf(principal);
    if (!held) return [];
    const person = held.administrator ? new Set<Right>(rights) : granted(held.grants, subject);
    const limits = [principal.limits, principal.behalf?.grants].flatMap((one) => (one ? [granted(one, subject)] : []));
    const within = (right: Right) => person.has(right) && limits.every((limit) => limit.has(right));
    return rights.filter((right) => isOf(right, subject) && within(right));
  }

  /**
   * May `principal` add, change or remove a person with these rights? It takes the right to administer the hub and a
   * session, and nobody passes on or takes over more than they hold themselves: only administrators deal with
   * administrators.
   */
  mayManage(principal: Principal, person: HeldRights): boolean {
    const held = this.#source.rightsOf(principal);
    if (!held || principal.limits) return false;
    if (held.administrator) return true;
    return this.allows(principal, "administer") && !person.administrator && holdsAll(held.grants, person.grants);
  }
}

/** True when somebody with `held` may do, somewhere at least, all that `wanted` says; everything for administrators. */
export function isWithin(wanted: readonly Grant[], held: HeldRights): boolean {
  if (held.administrator) return true;
  const some = new Set(held.grants.flatMap((grant) => withImplied(grant)));
  return wanted.every((grant) => grant.rights.every((right) => some.has(right)));
}

/** Grants as the command line takes and tells them: `*=view,listen area:Garden=talk`. */
export function describeGrants(grants: readonly Grant[]): string {
  return grants.map(({ scope, rights: given }) => `${scope}=${given.join(",")}`).join(" ") || "no rights";
}

function granted(grants: readonly Grant[], subject: Subject | undefined): Set<Right> {
  return new Set(grants.filter((grant) => covers(grant.scope, subject)).flatMap(withImplied));
}

/** Whoever administers the hub may read its numbers. */
function withImplied(grant: Grant): readonly Right[] {
  return grant.scope === "*" && grant.rights.includes("administer") ? [...grant.rights, "metrics"] : grant.rights;
}

/** The hub's numbers are no device's. */
function isOf(right: Right, subject: Subject | undefined): boolean {
  return subject === undefined || deviceRights.includes(right);
}

function holdsAll(held: readonly Grant[], wanted: readonly Grant[]): boolean {
  const holds = (scope: string, right: Right) =>
    held.some((grant) => (grant.scope === "*" || grant.scope === scope) && withImplied(grant).includes(right));
  return wanted.every(({ scope, rights: given }) => given.every((right) => holds(scope, right)));
}

function covers(scope: string, subject: Subject | undefined): boolean {
  if (scope === "*") return true;
  if (!subject) return false;
  return scope === `device:${subject.id}` || (subject.area !== undefined && scope === `area:${subject.area}`);
}
