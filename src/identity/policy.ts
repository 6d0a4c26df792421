import { z } from "zod";

/** What a person may be allowed to do, each by itself (SECURITY.md, 7). */
export const rights = ["view", "listen", "talk", "page", "unlock", "administer"] as const;

/** One of {@link rights}. */
export type Right = (typeof rights)[number];

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

/** Who asks: a person, by one credential of theirs. Rights are not in it: the policy reads them afresh each time. */
export interface Principal {
  readonly userId: string;
  readonly name: string;
  readonly via: "session" | "token";
  /** Which session or token; ends with it. */
  readonly credentialId: string;
}

/** What is asked about; a loaded device fits. */
export interface Subject {
  readonly id: string;
  readonly area?: string | undefined;
}

/** Where the policy reads a person's present rights. */
export interface RightsSource {
  /** Undefined when the person or the credential is no more. */
  rightsOf(principal: Principal): { readonly administrator: boolean; readonly grants: readonly Grant[] } | undefined;
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

  /** All that `principal` may do to `subject`, or everywhere. Administrators may do everything. */
  rights(principal: Principal | undefined, subject?: Subject): readonly Right[] {
    const held = principal && this.#source.rightsOf(principal);
    if (!held) return [];
    if (held.administrator) return rights;
    const granted = new Set(
      held.grants.filter((grant) => covers(grant.scope, subject)).flatMap((grant) => grant.rights),
    );
    return rights.filter((right) => granted.has(right));
  }
}

function covers(scope: string, subject: Subject | undefined): boolean {
  if (scope === "*") return true;
  if (!subject) return false;
  return scope === `device:${subject.id}` || (subject.area !== undefined && scope === `area:${subject.area}`);
}
