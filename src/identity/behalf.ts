import { z } from "zod";
import { type Behalf, grantSchema, type Principal } from "./policy.ts";

const behalfSchema = z.strictObject({
  id: z.string().regex(/^[\w-]{1,64}$/),
  name: z.string().trim().min(1).max(64),
  grants: z.array(grantSchema).max(2000).readonly().optional(),
});

/** Reads the header `x-doorward-for`: JSON, percent-encoded. Undefined when it is not that. */
export function readBehalf(header: string): Behalf | undefined {
  try {
    return behalfSchema.parse(JSON.parse(decodeURIComponent(header)));
  } catch {
    return undefined;
  }
}

/**
 * The same principal, asking for somebody. Their name is what the program says it is, so the name of the token's owner stands
 * beside it wherever it is told: nobody is taken for another by a token.
 */
export function onBehalf(principal: Principal, behalf: Behalf): Principal {
  const said = behalf.name.replace(/[\p{Cc}()]/gu, "").trim() || behalf.id;
  const name = said === principal.name ? said : `${said} (${principal.name})`;
  return { ...principal, name, behalf };
}

/**
 * What tells apart those who ask: a person, a device, or one of those for whom a program asks. To share out places the
 * person counts (`userId`), for a program may name as many as it likes.
 */
export function callerOf({ userId, behalf }: Pick<Principal, "userId" | "behalf">): string {
  return behalf ? `${userId}/${behalf.id}` : userId;
}
