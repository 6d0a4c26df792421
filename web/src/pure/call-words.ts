import type { CallView, MutedBell } from "../api.ts";
import { t } from "../language/t.ts";
import { timer } from "./words.ts";

type Call = Pick<
  CallView,
  "from" | "rung" | "participants" | "state" | "answeredBy" | "endReason" | "endedBy" | "reply" | "you"
>;
type Times = Pick<CallView, "startedMs" | "answeredMs" | "endedMs">;

/** What a call is to whoever reads it. */
export type CallPlace =
  /** It rings here. */
  | "incoming"
  /** One called oneself, and nobody has answered yet. */
  | "outgoing"
  /** One takes part in it. */
  | "in"
  /** Others ring or talk. */
  | "others"
  | "over";

/** Where one stands in a call. */
export function placeIn({ state, you, from, rung, participants }: Call): CallPlace {
  if (state === "ended") return "over";
  if (participants.some(({ party }) => party === you))
    return state === "ringing" && from.party === you ? "outgoing" : "in";
  const own = rung.find(({ party }) => party === you);
  return state === "ringing" && (own?.state === "told" || own?.state === "ringing") ? "incoming" : "others";
}

/** Who else rings, in words: "also rings: Kitchen, Anna". Empty when nobody does. */
export function sayRinging({ rung, you }: Pick<Call, "rung" | "you">): string {
  const names = rung
    .filter(({ party, state }) => party !== you && (state === "told" || state === "ringing"))
    .map(({ name }) => name);
  return names.length > 0 ? t("also rings: {names}", { names: [...new Set(names)].join(", ") }) : "";
}

/** Who is in the call beside oneself. */
export function othersIn({ participants, you }: Pick<Call, "participants" | "you">): string {
  return participants
    .filter(({ party }) => party !== you)
    .map(({ name }) => name)
    .join(", ");
}

/** How it stands with somebody whom one may call, in words; nothing hinders where there are none. */
export const standsWords = {
  free: "",
  busy: t("in a call"),
  quiet: t("does not want to be disturbed"),
  away: t("not here now"),
} as const;

/** Why one's own call came to nothing, by what it says of whom one called. */
function sayUnreached({ rung }: Pick<Call, "rung">): string {
  const words: Readonly<Partial<Record<Call["rung"][number]["state"], string>>> = {
    busy: t("{name} is in another call"),
    quiet: t("{name} does not want to be disturbed now"),
    unreachable: t("{name} is not here now"),
  };
  const said = rung.flatMap(({ name, state }) => (words[state] ? [words[state].replace("{name}", () => name)] : []));
  return said.length > 0 ? said.join("; ") : t("Nobody could be reached");
}

/** That a bell is silent for a while, and until when. */
export function sayMuted({ from, untilMs }: MutedBell, time: (ms: number) => string): string {
  return t("The bell of {name} is silent until {time}: it rang too often and nobody answered.", {
    name: from.name,
    time: time(untilMs),
  });
}

/** One sentence about what became of a call, for the notice that replaces the ring and for the history. */
export function sayOutcome(call: Call): string {
  const { answeredBy, endedBy, endReason, you, reply } = call;
  const name = (who: { readonly party: string; readonly name: string } | undefined) =>
    who === undefined ? t("somebody") : who.party === you ? t("you") : who.name;
  if (answeredBy) return t("Answered by {name}", { name: name(answeredBy) });
  if (call.from.party === you && (endReason === "busy" || endReason === "unreachable")) return sayUnreached(call);
  switch (endReason) {
    case "declined":
      return reply
        ? t("Declined by {name}: “{reply}”", { name: name(endedBy), reply })
        : t("Declined by {name}", { name: name(endedBy) });
    case "opened":
      return endedBy ? t("The door was opened by {name}", { name: name(endedBy) }) : t("The door was opened");
    case "cancelled":
      return t("Given up before anybody answered");
    case "restarted":
      return t("Ended because the hub was restarted");
    case "busy":
      return t("Busy");
    case "unreachable":
      return t("Nobody could be reached");
    case "missed":
      return call.from.party === you && call.rung.length === 1
        ? t("{name} did not answer", { name: name(call.rung[0]) })
        : t("Nobody answered");
    case "ended":
      return t("Ended");
    default:
      return t("Still rings");
  }
}

/** True for a call that nobody took, and that one might have. */
export function isMissed({ state, answeredBy, endReason, from, you }: Call): boolean {
  if (state !== "ended" || answeredBy || from.party === you) return false;
  return (
    endReason === "missed" || endReason === "cancelled" || endReason === "restarted" || endReason === "unreachable"
  );
}

/** How long people talked: "0:41"; empty when nobody did. */
export function talkedFor({ answeredMs, endedMs }: Times): string {
  return answeredMs === undefined || endedMs === undefined ? "" : timer(endedMs - answeredMs);
}
