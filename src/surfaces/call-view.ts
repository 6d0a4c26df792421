import { z } from "zod";
import { type CallInfo, callInfoSchema, partySchema } from "../hub/call-info.ts";
import { partyOfPrincipal } from "../hub/call-rights.ts";
import type { Hub } from "../hub/hub.ts";
import type { Principal } from "../identity/policy.ts";

/** A call as one person or station sees it. */
export type CallView = CallInfo & {
  /** Who the reader is in it. */
  readonly you: CallInfo["from"]["party"];
  readonly mayAnswer: boolean;
  /** They may see and hear who calls before it is answered. */
  readonly mayPeek: boolean;
  readonly mayUnlock: boolean;
};

/** Schema of {@link CallView}. */
export const callViewSchema = callInfoSchema.extend({
  you: partySchema.describe("Who the reader is in it."),
  mayAnswer: z.boolean(),
  mayPeek: z.boolean().describe("They may see and hear who calls before it is answered."),
  mayUnlock: z.boolean(),
});

/** The call as `principal` sees it; undefined when it is none of their business. */
export function callView(
  call: CallInfo,
  { hub, principal }: { readonly hub: Pick<Hub, "callRights">; readonly principal: Principal },
): CallView | undefined {
  const { callRights } = hub;
  if (!callRights.maySee(principal, call)) return undefined;
  return {
    ...call,
    you: partyOfPrincipal(principal).party,
    mayAnswer: callRights.mayAnswer(principal, call),
    mayPeek: callRights.mayPeek(principal, call),
    mayUnlock: callRights.mayUnlock(principal, call),
  };
}
