import { callerOf } from "../identity/behalf.ts";
import type { Policy, Principal } from "../identity/policy.ts";
import type { HubDevice } from "./api.ts";
import { type CallInfo, type CallParty, isOrIsOf, type PartyId } from "./call-info.ts";
import { mayUse } from "./reach.ts";

/** What it takes to say who may do what in a call. */
export interface CallRightsOptions {
  readonly policy: Policy;
  readonly device: (id: string) => HubDevice | undefined;
}

/** Who a principal is in calls: the station that asks for itself, or the person. */
export function partyOfPrincipal(principal: Principal): CallParty {
  const { name, deviceId } = principal;
  if (deviceId !== undefined) return { party: `device:${deviceId}`, name, deviceId };
  return { party: `person:${callerOf(principal)}`, name };
}

/** Who may do what in a call: where every surface asks. */
export class CallRights {
  readonly #options: CallRightsOptions;

  constructor(options: CallRightsOptions) {
    this.#options = options;
  }

  /** Who may talk to the device that rings, and whoever is called themselves. */
  mayAnswer(principal: Principal, call: CallInfo): boolean {
    const own = partyOfPrincipal(principal).party;
    if (own === call.from.party) return false;
    return isCalled(call, own) || this.#may(principal, call, "talk");
  }

  /** Who may answer it, called, or takes part: they see that it is there, decline it, end it. */
  maySee(principal: Principal, call: CallInfo): boolean {
    const own = partyOfPrincipal(principal).party;
    const takesPart = own === call.from.party || call.participants.some(({ party }) => party === own);
    return takesPart || this.mayAnswer(principal, call);
  }

  /** Who may see and hear the one who calls before it is answered. */
  mayPeek(principal: Principal, call: CallInfo): boolean {
    return (
      this.mayAnswer(principal, call) && (this.#may(principal, call, "peek") || this.#may(principal, call, "view"))
    );
  }

  /** Who may open the door from the call. */
  mayUnlock(principal: Principal, call: CallInfo): boolean {
    return call.lock && this.#may(principal, call, "unlock");
  }

  #may(principal: Principal, call: CallInfo, right: "talk" | "peek" | "view" | "unlock"): boolean {
    const { policy, device } = this.#options;
    const found = call.from.deviceId === undefined ? undefined : device(call.from.deviceId);
    return found !== undefined && mayUse(policy, { principal, right, device: found });
  }
}

function isCalled({ to, rung }: CallInfo, party: PartyId): boolean {
  return to.some((one) => isOrIsOf(party, one)) || rung.some((one) => one.party === party && one.state !== "passed");
}
