import type { CallChanged, CallView } from "../api.ts";
import { t } from "../language/t.ts";
import { othersIn, placeIn, sayOutcome, sayRinging } from "./call-words.ts";

/** What is shown for a moment of a call that rings here no longer, or is over. */
export interface CallNotice {
  readonly name: string;
  readonly text: string;
}

/** Whom a call is with, for its heading. */
export function nameOfCall(call: CallView): string {
  if (placeIn(call) === "outgoing") return call.rung.map(({ name }) => name).join(", ") || t("Calling");
  return call.from.party === call.you ? othersIn(call) : call.from.name;
}

/** How a call stands, below its heading. */
export function explainCall(call: CallView): string {
  const place = placeIn(call);
  if (place === "incoming")
    return [call.from.deviceId ? t("Rings") : t("Calls you"), sayRinging(call)].filter(Boolean).join(", ");
  if (place === "outgoing")
    return call.rung.some(({ state }) => state === "ringing") ? t("It rings there.") : t("Calling.");
  const others = othersIn(call);
  return others && others !== nameOfCall(call) ? t("In a call with {others}", { others }) : t("In a call");
}

/** What to tell of a change, where one has not made it oneself; `shown` is the id of the call that the page shows. */
export function noticeOf({ call, change }: CallChanged, shown: string): CallNotice | undefined {
  const own = call.from.party === call.you;
  const mine = own || call.rung.some(({ party }) => party === call.you);
  const elsewhere = change === "answered" && placeIn(call) === "others";
  if (!mine || !(elsewhere || call.state === "ended")) return undefined;
  if (call.endedBy?.party === call.you || (call.answeredBy && !elsewhere && shown !== call.id)) return undefined;
  return {
    name: own ? call.rung.map(({ name }) => name).join(", ") || t("Your call") : call.from.name,
    text: call.answeredBy && !elsewhere ? t("The call is over") : sayOutcome(call),
  };
}
